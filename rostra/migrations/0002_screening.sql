-- Screening: the record of moderation, the policy's versions, held posts, labels, near-copies, clusters.

------------------------------------------------------------------------------------------------------------------------
-- The ledger. Rows are appended by one function and never changed: the database itself refuses.

create table moderation_events (
  id bigint primary key,
  type text not null,
  subject_kind text not null check (subject_kind in ('status', 'account', 'media', 'card', 'policy', 'rule', 'model')),
  subject_id bigint not null,
  -- Of a status: its revision.
  revision integer not null default 0,
  -- Whose content it is; null where it is nobody's.
  account_id bigint,
  -- Who did it; null for the server itself.
  actor_id bigint,
  -- The versions that it was done under: of the policy, of the detectors.
  policy text not null default '',
  detectors text not null default '',
  clause text not null default '',
  -- Never texts of people, only what was found in them.
  details jsonb not null default '{}',
  created_at timestamptz not null
);
create index moderation_events_by_subject on moderation_events (subject_id, id desc);
create index moderation_events_by_account on moderation_events (account_id, id desc) where type <> 'verdict';
create index moderation_events_by_type on moderation_events (type, id desc) where type <> 'verdict';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger moderation_events_stay before update or delete or truncate on moderation_events
  for each statement execute function refuse_change();

------------------------------------------------------------------------------------------------------------------------
-- The policy: every version that was ever active or proposed, as its files.

create table policy_versions (
  id bigint primary key,
  -- Hash of the files: the same files are the same version.
  version text not null unique,
  files jsonb not null,
  note text not null default '',
  author_id bigint references accounts on delete set null,
  created_at timestamptz not null
);

-- One row: which version holds, and the rules that are paused in it.
create table policy_state (
  only_one boolean primary key default true check (only_one),
  version_id bigint references policy_versions,
  previous_id bigint references policy_versions,
  -- Changes whenever anything here does; processes look at it every second or two.
  revision bigint not null default 0,
  activated_at timestamptz
);
insert into policy_state default values;

-- Rules that ran past their daily cap or out of their expected band: they run as shadow until resumed.
create table paused_rules (
  rule text primary key,
  reason text not null check (reason in ('daily_cap', 'band', 'person')),
  until timestamptz,
  paused_at timestamptz not null
);

-- Hits by day, added up by each process about once a second; rule '' counts what was judged.
create table rule_hits (
  day date not null,
  rule text not null,
  policy text not null,
  live integer not null default 0,
  shadow integer not null default 0,
  primary key (day, rule, policy)
);

------------------------------------------------------------------------------------------------------------------------
-- What screening does to posts. A withheld status is seen by its author only and counts nowhere.

alter table statuses
  add column withheld text check (withheld in ('review', 'refused')),
  -- Without reach: no public timeline, hashtag, trend or search by others.
  add column limited boolean not null default false,
  -- Nobody but the author replies, boosts or favourites.
  add column interaction_off boolean not null default false,
  -- Marked sensitive by a label, whatever the author says.
  add column covered boolean not null default false,
  -- Labels that hold now, as others see them: [{"id": …, "title": {"en": …}}]; their reasons are in labels.
  add column labels jsonb;

drop index statuses_public;
create index statuses_public on statuses (id desc)
  where visibility = 'public' and reblog_of_id is null and withheld is null and not limited;

alter table accounts add column labels jsonb;
create index accounts_suspended on accounts (id) where suspended_at is not null;

create table holds (
  id bigint primary key,
  status_id bigint not null references statuses on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  revision integer not null,
  -- Whether nobody but the author has ever seen the status.
  fresh boolean not null,
  event_id bigint not null,
  policy text not null,
  clause text not null,
  rule text not null,
  severity smallint not null,
  -- {"en": …, "it": …}: what the author reads.
  reason jsonb not null,
  -- Places that the detectors know, as [[start, end, name], …] in the text.
  spans jsonb not null default '[]',
  created_at timestamptz not null,
  -- When the policy's rule for held posts decides by itself.
  expires_at timestamptz not null,
  expires_to text not null check (expires_to in ('release', 'refuse')),
  decided_at timestamptz,
  -- 'superseded' where an edit was judged anew.
  decision text check (decision in ('release', 'refuse', 'superseded')),
  decided_by bigint references accounts on delete set null
);
create unique index holds_open on holds (status_id) where decided_at is null;
create index holds_queue on holds (severity desc, id) where decided_at is null;
create index holds_expiring on holds (expires_at) where decided_at is null;
create index holds_by_account on holds (account_id, id desc);
create index holds_by_status on holds (status_id, id desc);

-- What somebody should look at although it is published; one open case for each status or account.
create table cases (
  id bigint primary key,
  subject_kind text not null check (subject_kind in ('status', 'account')),
  subject_id bigint not null,
  account_id bigint not null references accounts on delete cascade,
  event_id bigint not null,
  policy text not null,
  clause text not null,
  rule text not null,
  severity smallint not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by bigint references accounts on delete set null,
  outcome text check (outcome in ('dismissed', 'refused', 'gone'))
);
create unique index cases_open on cases (subject_kind, subject_id) where closed_at is null;
create index cases_queue on cases (severity desc, id) where closed_at is null;
create index cases_by_account on cases (account_id, id desc);

create table labels (
  id bigint primary key,
  subject_kind text not null check (subject_kind in ('status', 'account')),
  subject_id bigint not null,
  label text not null,
  -- By language, as the policy said it then.
  title jsonb not null,
  -- Whether it covers the post until somebody asks for it.
  covers boolean not null default false,
  -- 'rule:threat-direct', 'person:12'.
  source text not null,
  event_id bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  unique (subject_kind, subject_id, label)
);
create index labels_expiring on labels (expires_at) where expires_at is not null;

-- PDQ of each picture (32 bytes), for the banks and for finding copies.
alter table media_attachments
  add column pdq bytea,
  add column pdq_quality smallint;
-- A quality without a hash: it was tried.
create index media_attachments_unhashed on media_attachments (id) where pdq_quality is null;

------------------------------------------------------------------------------------------------------------------------
-- Event clusters: posts that name the same place and day, or one of them with a weapon or a call upon others.

create table event_clusters (
  id bigint primary key,
  -- Empty and null where the posts name none; never both.
  place text not null,
  day date,
  first_at timestamptz not null,
  last_at timestamptz not null
);
create unique index event_clusters_once on event_clusters (place, coalesce(day, '-infinity'));
create index event_clusters_latest on event_clusters (last_at desc);

create table event_cluster_statuses (
  cluster_id bigint not null references event_clusters on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  account_id bigint not null,
  -- The author's followers then.
  reach integer not null,
  weapons text[] not null default '{}',
  targets text[] not null default '{}',
  imperative boolean not null,
  -- The higher of the probabilities of a threat and of incitement.
  risk real not null,
  at timestamptz not null,
  primary key (cluster_id, status_id)
);
create index event_cluster_statuses_by_status on event_cluster_statuses (status_id);

------------------------------------------------------------------------------------------------------------------------
-- Replays: a version of the policy tried on stored posts, and what people say of a sample of what it would change.

create table policy_replays (
  id bigint primary key,
  version text not null,
  baseline text not null,
  days integer not null,
  author_id bigint references accounts on delete set null,
  started_at timestamptz not null,
  finished_at timestamptz,
  judged bigint not null default 0,
  total bigint not null default 0,
  -- Counts by clause, language and action; see rostra/screening/replay.py.
  result jsonb,
  error text
);
create index policy_replays_by_version on policy_replays (version, id desc);

create table replay_samples (
  replay_id bigint not null references policy_replays on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  change text not null check (change in ('hit', 'freed')),
  rule text not null,
  clause text not null,
  before text not null,
  after text not null,
  -- Whether the change is right, as a person sees it.
  is_right boolean,
  labelled_by bigint references accounts on delete set null,
  primary key (replay_id, status_id)
);

------------------------------------------------------------------------------------------------------------------------
-- Near-copies: signatures of texts (rostra/detect/near.py, rostra/screening/near_queries.py).

-- Six indexes on one row were measured against a GIN index and against a row for each key: half the size of the rows,
-- and the only one that finds the newest of fifty thousand copies without reading them all.
create table near_signatures (
  status_id bigint primary key,
  account_id bigint not null,
  -- When it was accepted here, or last edited.
  at timestamptz not null,
  -- Copies differ in few of these bits.
  signature bit(256) not null,
  -- Copies share one of these: the span of 2^19 seconds of `at` (24 bits), and a hash (40 bits).
  band_1 bigint not null,
  band_2 bigint not null,
  band_3 bigint not null,
  band_4 bigint not null,
  band_5 bigint not null,
  band_6 bigint not null
);
create index near_signatures_1 on near_signatures (band_1, at);
create index near_signatures_2 on near_signatures (band_2, at);
create index near_signatures_3 on near_signatures (band_3, at);
create index near_signatures_4 on near_signatures (band_4, at);
create index near_signatures_5 on near_signatures (band_5, at);
create index near_signatures_6 on near_signatures (band_6, at);

-- In place of a reference to statuses, which each post would pay for.
create function forget_status() returns trigger language plpgsql as $$
begin
  delete from near_signatures where status_id = old.id;
  delete from labels where subject_kind = 'status' and subject_id = old.id;
  update cases set closed_at = clock_timestamp(), outcome = 'gone'
    where subject_kind = 'status' and subject_id = old.id and closed_at is null;
  return null;
end $$;
create trigger statuses_forgotten after delete on statuses for each row
  when (old.reblog_of_id is null) execute function forget_status();

create function forget_account() returns trigger language plpgsql as $$
begin
  delete from labels where subject_kind = 'account' and subject_id = old.id;
  return null;
end $$;
create trigger accounts_forgotten after delete on accounts for each row execute function forget_account();

-- What was removed or refused, by the event that says so. All of it is held in memory by every process.
create table bad_signatures (
  id bigint primary key,
  -- Null where there never was a status.
  status_id bigint,
  clause text not null,
  signature bit(256) not null,
  at timestamptz not null
);

------------------------------------------------------------------------------------------------------------------------
-- Adjustments of the text model, learnt from this server's own decisions (rostra/screening/learn.py).

create table model_adjustments (
  id bigint primary key,
  -- The version of the model that it was fitted to; for another it counts for nothing.
  base text not null,
  -- By category, what is added to the log-odds: {"threat": [0.1, …], …}.
  weights jsonb not null,
  -- How well it and what was in force did on the decisions that were held back.
  figures jsonb not null,
  -- What was in force when it came; null for the model alone.
  before_id bigint references model_adjustments,
  created_at timestamptz not null,
  activated_at timestamptz not null,
  active boolean not null
);
create unique index model_adjustments_active on model_adjustments (active) where active;
