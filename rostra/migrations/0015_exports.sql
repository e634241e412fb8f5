-- People's own data, taken along: archives of accounts that were asked for.

create table exports (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  state text not null default 'waiting' check (state in ('waiting', 'ready', 'failed')),
  -- Random, and fixed before the work begins: whoever begins again writes to the same place.
  file_key text not null unique,
  -- Of the whole file, where it is ready.
  size_bytes bigint,
  requested_at timestamptz not null,
  -- When the last attempt began; null while it waits for its turn.
  started_at timestamptz,
  finished_at timestamptz,
  -- When the file is removed.
  expires_at timestamptz,
  check ((state = 'ready') = (size_bytes is not null)),
  check ((state = 'ready') = (expires_at is not null)),
  check ((state = 'waiting') = (finished_at is null))
);
create index exports_by_account on exports (account_id, id desc);
create index exports_by_end on exports (expires_at) where state = 'ready';
create index exports_waiting on exports (started_at, requested_at) where state = 'waiting';
