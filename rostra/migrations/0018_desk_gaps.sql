-- What the desk could not do yet: single files of a post, domains, golden items among the cases, word of legal notices.

------------------------------------------------------------------------------------------------------------------------
-- Files of a post, each by itself. What is said here is the fold of the actions on it that hold.

alter table actions drop constraint actions_subject_kind_check;
alter table actions add constraint actions_subject_kind_check check (subject_kind in ('status', 'account', 'media'));

alter table media_attachments
  -- Nobody but reviewers sees it, and its author can do nothing with it.
  add column removed_at timestamptz,
  -- Its post is covered for as long as it shows it.
  add column covered boolean not null default false;

-- Files that are not served. They outlive the row of the upload: its author may delete the post, the evidence stays.
create table hidden_files (
  key text primary key,
  media_id bigint not null
);
create index hidden_files_by_media on hidden_files (media_id);

-- How far two PDQ hashes are apart, in bits.
create function pdq_distance(a bytea, b bytea) returns integer language sql immutable strict parallel safe as $$
  select bit_count(('x' || encode(a, 'hex'))::bit(256) # ('x' || encode(b, 'hex'))::bit(256))::integer
$$;

-- The sixteen pairs of bytes of a PDQ hash, each with its place. Two hashes that differ in at most 31 bits have one pair
-- that differs in at most one bit, so that an index finds all of them.
create function pdq_pairs(hash bytea) returns integer[] language sql immutable strict parallel safe as $$
  select array(
    select n * 65536 + get_byte(hash, 2 * n) * 256 + get_byte(hash, 2 * n + 1) from generate_series(0, 15) n)
$$;
create index media_by_look on media_attachments using gin (pdq_pairs(pdq)) where pdq is not null and pdq_quality >= 50;
