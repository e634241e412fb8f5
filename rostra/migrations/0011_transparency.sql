-- Transparency: statements handed in to the database of the European Union, reports as they were published, and what a
-- report needs that nothing else keeps.

------------------------------------------------------------------------------------------------------------------------
-- What became of a statement that was handed in. Nothing here: it waits, or it is not to be handed in.

create table statement_submissions (
  puid text primary key references statements,
  -- 'known': the database had it already, from an earlier try whose answer was lost.
  state text not null check (state in ('accepted', 'known', 'refused')),
  -- By which the database knows it; it keeps that to itself where it had the statement already.
  uuid uuid,
  -- What it found wrong, where it refused.
  problem text not null default '',
  submitted_at timestamptz not null,
  check ((state = 'accepted') = (uuid is not null))
);
create index statement_submissions_refused on statement_submissions (submitted_at desc) where state = 'refused';

------------------------------------------------------------------------------------------------------------------------
-- Reports. Once published, neither the row nor the file that its hash stands for changes: who finds a mistake publishes
-- another revision.

create table transparency_reports (
  id bigint primary key,
  -- Whole days, UTC.
  period daterange not null check (not isempty(period) and lower_inc(period) and not upper_inc(period)),
  revision smallint not null check (revision > 0),
  -- Why there is a revision after the first.
  note text not null default '',
  -- The archive in the object store, and the hash of its bytes.
  file_key text not null,
  file_size integer not null,
  sha256 bytea not null check (length(sha256) = 32),
  -- All sections, as in the archive's report.json.
  content jsonb not null,
  event_id bigint not null,
  made_at timestamptz not null,
  unique (period, revision)
);
create index transparency_reports_latest on transparency_reports (upper(period) desc, revision desc);
create trigger transparency_reports_stay before update or delete or truncate on transparency_reports
  for each statement execute function refuse_change();

-- People who used their account in a calendar month (its first day, UTC), counted on each of its days.
create table recipients_by_month (
  month date primary key check (extract(day from month) = 1),
  accounts integer not null,
  counted_at timestamptz not null
);

------------------------------------------------------------------------------------------------------------------------
-- The public log of decisions is read by day; within one, its order says nothing about the time.

create index decisions_by_day on decisions (((id >> 16) / 86400000) desc) where outcome = 'violates';

-- The numbers of the last twelve months for the public page, made every night.
create table transparency_overview (
  only_one boolean primary key default true check (only_one),
  content jsonb not null,
  made_at timestamptz not null
);
