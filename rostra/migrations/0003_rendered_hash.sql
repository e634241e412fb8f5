-- What the stored JSON is, in eight bytes: web processes keep the texts of what is read often in memory and learn by
-- this whether the one that they have still holds. The seed brings in what the text was made for; that of a status also
-- its revision, so that nobody can craft an edit which passes for what stood there before.

alter table statuses add column rendered_hash bigint not null
  generated always as (hashtextextended(rendered, (rendered_for::bigint << 32) | revision)) stored;

alter table accounts add column rendered_hash bigint not null
  generated always as (hashtextextended(rendered, rendered_for)) stored;
