-- What people bring here from elsewhere, and where they go: imports, aliases, the move of an account.

-- Addresses (URIs) of other accounts that are the same person's, as their owner says.
alter table accounts add column also_known_as text[] not null default '{}';
-- The account that this one sends its visitors to, and since when.
alter table accounts add column moved_to_id bigint references accounts on delete set null;
alter table accounts add column moved_at timestamptz;
create index accounts_moved_to on accounts (moved_to_id) where moved_to_id is not null;

-- The stored JSON of an account that has moved holds the one that it has moved to.
create function forget_rendered_move() returns trigger language plpgsql as $$
begin
  new.rendered_for := 0;
  return new;
end $$;
create trigger accounts_show_where_they_went before update of moved_to_id on accounts for each row
  when (old.moved_to_id is distinct from new.moved_to_id) execute function forget_rendered_move();
create function forget_rendered_movers() returns trigger language plpgsql as $$
begin
  update accounts set rendered_for = 0 where moved_to_id = new.id and rendered_for <> 0;
  return null;
end $$;
create trigger accounts_change_for_their_movers after update of rendered_for on accounts for each row
  when (new.rendered_for = 0) execute function forget_rendered_movers();

create table imports (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  type text not null
    check (type in ('following', 'blocking', 'muting', 'domain_blocking', 'lists', 'bookmarks', 'archive')),
  mode text not null default 'merge' check (mode in ('merge', 'overwrite')),
  -- waiting: for its owner's word. stopped: something stands against going on, `problem` says what.
  state text not null default 'waiting'
    check (state in ('waiting', 'running', 'finished', 'stopped', 'undoing', 'undone')),
  file_name text not null default '',
  total integer not null default 0,
  imported integer not null default 0,
  failed integer not null default 0,
  -- Of an archive: how many of its items have been looked at, and how many of those were no posts of one's own.
  cursor integer not null default 0,
  skipped integer not null default 0,
  problem text,
  -- Of an archive: what it says of itself and what was found of its signature.
  source jsonb,
  with_direct boolean not null default false,
  -- Of an archive: the file in the folder of imports, until it is done with.
  stored_as text,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  finished_at timestamptz
);
create index imports_by_account on imports (account_id, id desc);
create index imports_stored on imports (stored_as) where stored_as is not null;

-- The lines of a CSV file; of an archive, only what could not be imported.
create table import_rows (
  import_id bigint not null references imports on delete cascade,
  -- The line of the file, from 1; of an archive, the place among its posts.
  place integer not null,
  line text not null,
  subject text not null default '',
  options jsonb not null default '{}',
  -- The account or the status that `subject` names, where it is here.
  target_id bigint,
  outcome text check (outcome in ('imported', 'failed')),
  reason text,
  primary key (import_id, place)
);
create index import_rows_waiting on import_rows (import_id, place) where outcome is null;
create index import_rows_targets on import_rows (import_id, target_id) where target_id is not null;

-- Posts that were first posted elsewhere. A post comes in once, however often its archive does.
create table imported_statuses (
  account_id bigint not null references accounts on delete cascade,
  source_uri text not null,
  status_id bigint not null unique references statuses on delete cascade,
  import_id bigint not null references imports on delete cascade,
  source_url text not null,
  -- What it answers, where that is no post here.
  answers_url text,
  -- Whether a signed archive showed that it is the same person's.
  proven boolean not null,
  primary key (account_id, source_uri)
);
create index imported_statuses_by_import on imported_statuses (import_id, status_id);

create table account_moves (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  mode text not null check (mode in ('redirect', 'followers')),
  state text not null default 'running' check (state in ('running', 'finished', 'undone')),
  -- The last follow that was looked at.
  cursor bigint not null default 0,
  followers integer not null default 0,
  created_at timestamptz not null,
  finished_at timestamptz
);
create index account_moves_by_account on account_moves (account_id, id desc);
create index account_moves_by_target on account_moves (target_id, id desc);
