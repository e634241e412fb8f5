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

------------------------------------------------------------------------------------------------------------------------
-- What is decided of other servers. A rule in domain_blocks is what the decision that holds says; there is nobody whom it
-- is about, so there are no strikes, no statement of reasons and no appeal.

create table domain_decisions (
  id bigint primary key,
  domain text not null,
  -- The rule that it made or changed.
  block_id bigint not null,
  event_id bigint not null,
  -- Null: nobody, a rule that is older than decisions, or somebody who is gone.
  reviewer_id bigint references accounts on delete set null,
  policy text not null default '',
  clause text not null default '',
  severity text not null check (severity in ('silence', 'suspend', 'noop')),
  reject_media boolean not null,
  reject_reports boolean not null,
  private_comment text not null,
  public_comment text not null,
  obfuscate boolean not null,
  created_at timestamptz not null,
  -- Null: for good.
  ends_at timestamptz,
  ended_at timestamptz,
  ended_why text check (ended_why in ('expired', 'reversed', 'superseded')),
  ended_by bigint references accounts on delete set null,
  -- The one that held before it, and holds again when it is turned round.
  before_id bigint references domain_decisions,
  check ((ended_at is null) = (ended_why is null))
);
create unique index domain_decisions_holding on domain_decisions (domain) where ended_at is null;
create index domain_decisions_ending on domain_decisions (ends_at) where ended_at is null and ends_at is not null;

insert into domain_decisions (id, domain, block_id, event_id, severity, reject_media, reject_reports, private_comment,
  public_comment, obfuscate, created_at)
select b.id, b.domain, b.id, e.id, b.severity, b.reject_media, b.reject_reports, b.private_comment, b.public_comment,
  b.obfuscate, b.created_at
from domain_blocks b cross join lateral (
  select max(x.id) as id from moderation_events x where x.subject_kind = 'domain' and x.subject_id = b.id) e
where e.id is not null;

------------------------------------------------------------------------------------------------------------------------
-- Golden items among the cases of the desk. They are no cases: nothing here is in the table of cases.

alter table measurement_settings
  -- Of the next cases that somebody asks for, the share of which the answer is known; and so many in a day at most.
  add column golden_case_share double precision not null default 0.02 check (golden_case_share between 0 and 0.5),
  add column golden_cases_daily integer not null default 5 check (golden_cases_daily between 0 and 50);

-- The number under which it was shown as a case; null where it came among what is labelled.
alter table golden_answers add column turn_id bigint unique;
