-- What was learnt from people's decisions, each time that it was tried, so that pages can say what came of it and why.

create table learning_runs (
  id bigint primary key,
  -- Who wanted it on a page; null for the night and for commands.
  actor_id bigint references accounts on delete set null,
  started_at timestamptz not null,
  finished_at timestamptz,
  -- As rostra/screening/learn.py has it (Outcome); null where it was cut short.
  outcome jsonb,
  check (outcome is null or finished_at is not null)
);

-- Whose drafts were refused that would have belonged to an event: a row for each person, however often they tried. Nothing
-- is kept of what they wrote but what was found in it.

create table event_cluster_refusals (
  cluster_id bigint not null references event_clusters on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  drafts integer not null default 1,
  weapons text[] not null default '{}',
  targets text[] not null default '{}',
  imperative boolean not null,
  -- The highest of the drafts'.
  risk real not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (cluster_id, account_id)
);
create index event_cluster_refusals_by_account on event_cluster_refusals (account_id);
create index event_cluster_refusals_by_age on event_cluster_refusals (last_at);
