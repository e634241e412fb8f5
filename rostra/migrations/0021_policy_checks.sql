-- Checks of a version of the policy that were ordered on its pages: by itself, with a file as somebody is writing it, or
-- to put it into force. A worker carries them out and keeps here what it found.

create table policy_checks (
  id bigint primary key,
  version_id bigint not null references policy_versions on delete cascade,
  wanted text not null check (wanted in ('check', 'activate')),
  -- A file that is to be changed before it is checked, and what is to stand in it; '' takes it out.
  file_name text,
  file_text bytea,
  note text not null default '',
  author_id bigint references accounts on delete set null,
  -- Which version was in force as far as whoever ordered it knew; '' for none.
  seen text not null default '',
  ordered_at timestamptz not null,
  started_at timestamptz,
  -- Of its own tests.
  done integer not null default 0,
  total integer not null default 0,
  finished_at timestamptz,
  -- 'changed': another version was in force by then, which is named in `found_active`.
  outcome text check (outcome in ('sound', 'faulty', 'activated', 'changed', 'failed')),
  found_active text not null default '',
  -- What is wrong, as rostra/policy/records.py has it.
  problems jsonb not null default '[]',
  check ((finished_at is null) = (outcome is null)),
  check ((file_name is null) = (file_text is null))
);
create index policy_checks_by_version on policy_checks (version_id, id desc);
