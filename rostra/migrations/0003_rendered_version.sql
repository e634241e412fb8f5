-- Which rendering the stored JSON is: web processes keep the texts of what is read often in memory, and learn by this
-- whether the one that they have still holds. Counted by the database itself, so that no writer can forget to.

alter table statuses add column rendered_version bigint not null default 0;
alter table accounts add column rendered_version bigint not null default 0;

create function count_rendering() returns trigger language plpgsql as $$
begin
  new.rendered_version := old.rendered_version + 1;
  return new;
end $$;

create trigger statuses_count_renderings before update of rendered, rendered_for on statuses for each row
  when (old.rendered is distinct from new.rendered or old.rendered_for is distinct from new.rendered_for)
  execute function count_rendering();
create trigger accounts_count_renderings before update of rendered, rendered_for on accounts for each row
  when (old.rendered is distinct from new.rendered or old.rendered_for is distinct from new.rendered_for)
  execute function count_rendering();
