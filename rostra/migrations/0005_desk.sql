-- The moderation desk: cases in the order of expected harm, leases, decisions and their actions, statements of reasons,
-- reports that become cases, evidence as it was seen.

------------------------------------------------------------------------------------------------------------------------
-- People: two more roles, and what a decision can do to an account.

alter table users drop constraint users_role_check;
alter table users add constraint users_role_check
  check (role in ('owner', 'admin', 'moderator', 'triage', 'juror', 'user'));

-- The staff; and who may be the same person.
create index users_staff on users (role) where role <> 'user';
create index users_by_sign_up_ip on users (sign_up_ip) where sign_up_ip is not null;

alter table accounts
  -- May sign in, read, export and appeal, and nothing that others see.
  add column frozen_at timestamptz,
  -- All its media are marked sensitive.
  add column sensitized_at timestamptz;

------------------------------------------------------------------------------------------------------------------------
-- The order of work. The logarithm of the expected harm, minus the age: a case that does e times less harm comes up
-- equal once it is a day older, so that nothing starves, and no row has to be touched for time to pass. Clocks are the
-- exception: what is due soon is ranked anew every minute.

create function case_rank(p real, severity integer, views real, opened_at timestamptz, due_at timestamptz, at timestamptz)
returns double precision language sql immutable parallel safe as $$
  select ln(greatest(p, 0.001)::double precision)
    -- Half a power of ten for each step of severity.
    + 1.151292546497023 * (severity - 1)
    + ln(1 + greatest(views, 0)::double precision)
    - extract(epoch from opened_at)::double precision / 86400
    -- A day before its clock runs out a case weighs e times more, at the end e to the eighth.
    + case when due_at is null then 0
        else 8 / (1 + greatest(extract(epoch from due_at - at)::double precision, 0) / 10800) end
$$;

alter table cases drop constraint cases_outcome_check;
update cases set outcome = case outcome when 'dismissed' then 'ok' when 'refused' then 'violates' else outcome end
where outcome is not null;
alter table cases add constraint cases_outcome_check
  check (outcome in ('violates', 'ok', 'unclear', 'out_of_scope', 'gone'));

alter table cases
  alter column event_id drop not null,
  -- Leaves 'escalated' only for 'closed'; a lease is `assigned_to` until `lease_until`, not a state that could get stuck.
  add column state text not null default 'queued' check (state in ('queued', 'escalated', 'closed')),
  -- What opened it first.
  add column source text not null default 'rule'
    check (source in ('rule', 'hold', 'report', 'legal', 'notice', 'sample', 'person', 'expiry', 'appeal')),
  -- Probability that the policy is broken: of the rule or the model, and of those who reported.
  add column p real not null default 0.5,
  -- Expected views in the next 24 hours.
  add column views real not null default 0,
  add column rank double precision,
  -- The nearest of its clocks that has not been met.
  add column due_at timestamptz,
  add column language text,
  -- What looking at it costs the one who looks: 0 mild words, 1 harsh words, 2 pictures, 3 harsh pictures.
  add column exposure smallint not null default 0 check (exposure between 0 and 3),
  add column reports_count integer not null default 0,
  add column assigned_to bigint references accounts on delete set null,
  add column lease_until timestamptz,
  -- Set by a hand-over: kept for this reviewer until then.
  add column reserved_for bigint references accounts on delete set null,
  add column reserved_until timestamptz,
  add column escalated_by bigint references accounts on delete set null,
  add column escalated_at timestamptz,
  add column decision_id bigint;
update cases set state = 'closed' where closed_at is not null;
insert into cases (id, subject_kind, subject_id, account_id, event_id, policy, clause, rule, severity, opened_at, source)
select make_id(h.created_at), 'status', h.status_id, h.account_id, h.event_id, h.policy, h.clause, h.rule, h.severity,
  h.created_at, 'hold'
from holds h where h.decided_at is null
on conflict (subject_kind, subject_id) where closed_at is null do nothing;
update cases set rank = case_rank(p, severity, views, opened_at, null, opened_at);
alter table cases alter column rank set not null;
drop index cases_queue;
create index cases_queue on cases (rank desc, id) where state = 'queued';
create index cases_escalated on cases (rank desc, id) where state = 'escalated';
create index cases_due on cases (due_at) where state <> 'closed' and due_at is not null;
create index cases_leased on cases (assigned_to, lease_until) where assigned_to is not null and state <> 'closed';
create index cases_closed on cases (closed_at desc, id desc) where state = 'closed';
create index cases_subject on cases (subject_kind, subject_id, id desc);

create function keep_case_state() returns trigger language plpgsql as $$
begin
  if old.state = 'escalated' and new.state = 'queued' then
    raise exception 'an escalated case leaves only by being closed' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger cases_keep_state before update of state on cases for each row execute function keep_case_state();

-- In place of the one of screening: what is gone is closed in both columns.
create or replace function forget_status() returns trigger language plpgsql as $$
begin
  delete from near_signatures where status_id = old.id;
  delete from labels where subject_kind = 'status' and subject_id = old.id;
  -- Evidence was kept when it was reported; a case with reports stays to be decided on that.
  update cases set state = 'closed', closed_at = clock_timestamp(), outcome = 'gone'
    where subject_kind = 'status' and subject_id = old.id and state <> 'closed' and reports_count = 0;
  return null;
end $$;

-- Clocks. Several may run on one case; a missed one stays missed.
create table deadlines (
  id bigint primary key,
  case_id bigint not null references cases on delete cascade,
  regime text not null check (regime in ('host', 'order', 'terrorist', 'legal', 'store', 'own')),
  -- The notice that started it, where one did.
  notice_id bigint,
  starts_at timestamptz not null,
  due_at timestamptz not null,
  met_at timestamptz,
  missed_at timestamptz
);
create index deadlines_running on deadlines (due_at) where met_at is null and missed_at is null;
create index deadlines_by_case on deadlines (case_id);
create index deadlines_by_notice on deadlines (notice_id) where notice_id is not null;

create function keep_missed() returns trigger language plpgsql as $$
begin
  if old.missed_at is not null and (tg_op = 'DELETE' or new.missed_at is distinct from old.missed_at
      or new.due_at is distinct from old.due_at or new.starts_at is distinct from old.starts_at) then
    raise exception 'a missed deadline cannot be edited away' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger deadlines_stay_missed before update on deadlines for each row execute function keep_missed();

create table case_notes (
  id bigint primary key,
  case_id bigint not null references cases on delete cascade,
  author_id bigint references accounts on delete set null,
  text text not null,
  created_at timestamptz not null
);
create index case_notes_by_case on case_notes (case_id, id);

------------------------------------------------------------------------------------------------------------------------
-- Evidence: a subject as it was when it was reported or decided. One row for each state of it; deleted posts stay here
-- until nothing refers to them and their time is over.

create table snapshots (
  id bigint primary key,
  subject_kind text not null check (subject_kind in ('status', 'account')),
  subject_id bigint not null,
  revision integer not null default 0,
  account_id bigint not null,
  sha256 bytea not null,
  -- See rostra/moderation/cases/evidence.py.
  content jsonb not null,
  -- Files in the object store that stay while this does.
  media_keys text[] not null default '{}',
  taken_at timestamptz not null,
  unique (subject_kind, subject_id, sha256)
);
create index snapshots_media on snapshots using gin (media_keys) where media_keys <> '{}';

------------------------------------------------------------------------------------------------------------------------
-- Reports. Those of one subject are one case.

alter table reports
  -- Null where somebody without an account sent a legal notice.
  alter column account_id drop not null,
  -- A finer reason than the category: see rostra/moderation/reasons.py.
  add column reason text not null default '',
  add column source text not null default 'user' check (source in ('user', 'legal', 'trusted', 'remote')),
  add column snapshot_ids bigint[] not null default '{}',
  -- What the reporter's word weighed then: the log of a likelihood ratio.
  add column weight real not null default 0,
  -- Logged without effect: the reporter was muted.
  add column muted boolean not null default false,
  add column acknowledged_at timestamptz,
  add column outcome text check (outcome in ('upheld', 'partly', 'rejected', 'gone')),
  add column told_at timestamptz,
  add column language text;

-- A report of several posts is part of the case of each; it has its outcome when all of them are decided.
create table report_cases (
  case_id bigint not null references cases on delete cascade,
  report_id bigint not null references reports on delete cascade,
  primary key (case_id, report_id)
);
create index report_cases_by_report on report_cases (report_id);

-- Who sent a legal notice (Regulation (EU) 2022/2065, Article 16), apart so that it can be erased.
create table legal_notices (
  report_id bigint primary key references reports on delete cascade,
  name text not null,
  email text not null,
  urls text[] not null,
  explanation text not null,
  law text not null default '',
  good_faith boolean not null check (good_faith),
  -- By which the sender follows what becomes of it, without an account.
  token_hash bytea not null unique,
  created_at timestamptz not null
);

-- How often somebody's reports were right.
create table reporters (
  account_id bigint primary key references accounts on delete cascade,
  upheld integer not null default 0,
  rejected integer not null default 0,
  muted_at timestamptz,
  muted_by bigint references accounts on delete set null,
  trusted_at timestamptz
);

------------------------------------------------------------------------------------------------------------------------
-- Decisions, and what they do. A decision is made once; notices, statements and reports are derived from it.

create table decisions (
  id bigint primary key,
  -- Null where no case was open: a rule's own act.
  case_id bigint references cases on delete set null,
  subject_kind text not null check (subject_kind in ('status', 'account')),
  subject_id bigint not null,
  revision integer not null default 0,
  -- Whose content it is.
  account_id bigint not null,
  -- Null: nobody, a rule or a clock.
  reviewer_id bigint references accounts on delete set null,
  snapshot_id bigint references snapshots on delete set null,
  event_id bigint not null,
  policy text not null,
  clause text not null default '',
  rule text not null default '',
  outcome text not null check (outcome in ('violates', 'ok', 'unclear', 'out_of_scope')),
  -- What the author reads, by language; and what was found, in the reviewer's words.
  reason jsonb not null default '{}',
  facts text not null default '',
  confidence real check (confidence between 0 and 1),
  -- How it came to us, as the statement of reasons asks.
  origin text not null default 'own' check (origin in ('own', 'report', 'legal', 'trusted', 'host', 'order')),
  automated_detection boolean not null,
  automated_decision boolean not null,
  bulk_id bigint,
  created_at timestamptz not null,
  reversed_at timestamptz,
  reversed_by bigint references accounts on delete set null,
  reversed_why text check (reversed_why in ('undo', 'review', 'appeal', 'superseded'))
);
create index decisions_by_subject on decisions (subject_kind, subject_id, id desc);
create index decisions_by_account on decisions (account_id, id desc);
create index decisions_by_reviewer on decisions (reviewer_id, id desc) where reviewer_id is not null;
create index decisions_by_case on decisions (case_id, id) where case_id is not null;
create index decisions_by_snapshot on decisions (snapshot_id) where snapshot_id is not null;
-- A bulk decision decides each subject once, however many workers are at it.
create unique index decisions_by_bulk on decisions (bulk_id, subject_kind, subject_id) where bulk_id is not null;
create index decisions_by_clause on decisions (clause, id desc) where outcome = 'violates';

create table actions (
  id bigint primary key,
  decision_id bigint not null references decisions,
  kind text not null check (kind in ('label', 'sensitive', 'interaction-off', 'limit', 'remove', 'warn', 'freeze', 'suspend')),
  subject_kind text not null check (subject_kind in ('status', 'account')),
  subject_id bigint not null,
  account_id bigint not null,
  -- Of a label: its id. Of a step of the ladder: 'ladder'.
  detail text not null default '',
  starts_at timestamptz not null,
  -- Null: for good.
  ends_at timestamptz,
  ended_at timestamptz,
  ended_why text check (ended_why in ('expired', 'reversed', 'superseded'))
);
create index actions_by_decision on actions (decision_id);
create index actions_holding on actions (subject_kind, subject_id, kind) where ended_at is null;
create index actions_ending on actions (ends_at) where ended_at is null and ends_at is not null;

-- Statements of reasons as they were sent: one for each decision that restricts a person of this server.
create table statements (
  -- The one that the transparency database of the European Union knows.
  puid text primary key,
  decision_id bigint not null unique references decisions,
  account_id bigint not null,
  -- The fields of the database's schema; no personal data among them.
  body jsonb not null,
  created_at timestamptz not null,
  notified_at timestamptz
);
create index statements_by_account on statements (account_id, created_at desc);
create index statements_by_time on statements (created_at, puid);

alter table notifications add column decision_id bigint references decisions on delete cascade;
drop index notifications_once;
create unique index notifications_once on notifications
  (account_id, type, from_account_id, coalesce(status_id, 0), coalesce(report_id, 0), coalesce(decision_id, 0));

------------------------------------------------------------------------------------------------------------------------
-- Reviewers: what they take on, what they have seen, the words and filters that they keep.

create table reviewers (
  account_id bigint primary key references accounts on delete cascade,
  -- By which logs and exports know them; made at random, never shown beside the name.
  pseudonym text not null unique,
  -- Empty: all.
  languages text[] not null default '{}',
  -- Clauses, or their first parts, that they do not take on.
  declined text[] not null default '{}',
  -- The highest exposure that they take on.
  most_exposure smallint not null default 3 check (most_exposure between 0 and 3),
  blur boolean not null default true,
  greyscale boolean not null default true,
  -- Left to rest until then.
  resting_until timestamptz
);

-- What somebody has looked at, by day (UTC) and exposure.
create table exposures (
  account_id bigint not null references accounts on delete cascade,
  day date not null,
  exposure smallint not null,
  items integer not null default 0,
  seconds integer not null default 0,
  primary key (account_id, day, exposure)
);

create table reply_templates (
  id bigint primary key,
  name text not null,
  -- Empty: for every clause.
  clause text not null default '',
  -- By language.
  text jsonb not null,
  created_at timestamptz not null
);

create table queue_filters (
  id bigint primary key,
  -- Null: everybody's.
  account_id bigint references accounts on delete cascade,
  name text not null,
  query jsonb not null,
  created_at timestamptz not null
);
create index queue_filters_by_account on queue_filters (account_id, id);

------------------------------------------------------------------------------------------------------------------------
-- One decision over many subjects, as a job that goes on where it stopped.

create table bulk_decisions (
  id bigint primary key,
  actor_id bigint references accounts on delete set null,
  -- What is done to each: see rostra/moderation/decisions/bulk.py.
  draft jsonb not null,
  policy text not null,
  total integer not null,
  done integer not null default 0,
  skipped integer not null default 0,
  state text not null default 'running' check (state in ('running', 'finished', 'stopped')),
  created_at timestamptz not null,
  finished_at timestamptz
);
create index bulk_decisions_latest on bulk_decisions (id desc);

create table bulk_items (
  bulk_id bigint not null references bulk_decisions on delete cascade,
  position integer not null,
  subject_kind text not null check (subject_kind in ('status', 'account')),
  subject_id bigint not null,
  -- Where it was changed meanwhile, the item is skipped.
  revision integer not null,
  decision_id bigint,
  -- Why it was skipped; null while it waits or when it is done.
  skipped text,
  primary key (bulk_id, position)
);
create index bulk_items_waiting on bulk_items (bulk_id, position) where decision_id is null and skipped is null;
