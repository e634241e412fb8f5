-- The ledger: moderation events become leaves of a Merkle tree (RFC 6962), and signed checkpoints say what it was when.
-- docs/ledger.md explains it; rostra/ledger/ writes it.

------------------------------------------------------------------------------------------------------------------------
-- Events: more kinds of subjects; what an erased person leaves behind.

alter table moderation_events drop constraint moderation_events_subject_kind_check;
alter table moderation_events add constraint moderation_events_subject_kind_check check (subject_kind in (
  'status', 'account', 'media', 'card', 'policy', 'rule', 'model', 'case', 'report', 'notice', 'appeal', 'domain', 'lever',
  'sample', 'decision', 'panel'));
-- Null once the person whom it was about is erased.
alter table moderation_events alter column subject_id drop not null;
-- By which an account is erased; the verdicts are the most of it.
create index moderation_events_of_account on moderation_events (account_id) where account_id is not null;
create index moderation_events_of_actor on moderation_events (actor_id) where actor_id is not null;

-- Of what is said about a person, and by one, only a salted hash stays: the one that is in the leaf.
create table ledger_erasures (
  event_id bigint not null,
  -- 'about': account, subject, details; 'by': the actor.
  part text not null check (part in ('about', 'by')),
  commitment bytea not null check (length(commitment) = 32),
  erased_at timestamptz not null,
  primary key (event_id, part)
);

-- An event changes in one way: what is about an erased person, or by one, becomes empty, once the hash is kept.
create function keep_event() returns trigger language plpgsql as $$
declare
  is_about_gone boolean;
  is_by_gone boolean;
begin
  if tg_op = 'UPDATE' then
    is_about_gone := new.account_id is null and new.subject_id is null and new.revision = 0 and new.details = '{}';
    is_by_gone := new.actor_id is null;
    if to_jsonb(new) - array['account_id', 'subject_id', 'revision', 'details', 'actor_id']
        = to_jsonb(old) - array['account_id', 'subject_id', 'revision', 'details', 'actor_id']
      and ((is_about_gone and exists (select from ledger_erasures where event_id = old.id and part = 'about'))
        or (new.account_id is not distinct from old.account_id and new.subject_id is not distinct from old.subject_id
          and new.revision = old.revision and new.details = old.details))
      and ((is_by_gone and exists (select from ledger_erasures where event_id = old.id and part = 'by'))
        or new.actor_id is not distinct from old.actor_id)
    then
      return new;
    end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
drop trigger moderation_events_stay on moderation_events;
create trigger moderation_events_stay before update or delete on moderation_events
  for each row execute function keep_event();
create trigger moderation_events_stay_whole before truncate on moderation_events
  for each statement execute function refuse_change();

------------------------------------------------------------------------------------------------------------------------
-- Events that have no leaf yet. Written with the event, so that none can be left out however late it commits; taken out
-- by the sequencer, and by nobody before the event has its leaf.

create table ledger_pending (event_id bigint primary key);
insert into ledger_pending select id from moderation_events;

create function queue_event() returns trigger language plpgsql as $$
begin
  insert into ledger_pending (event_id) values (new.id);
  return null;
end $$;
create trigger moderation_events_queue after insert on moderation_events for each row execute function queue_event();

------------------------------------------------------------------------------------------------------------------------
-- The tree.

-- One salt for each person who is named in events (0: nobody's events); made when first needed, deleted when the person
-- is erased, whereupon nobody can say any more to whom a hash belongs.
create table ledger_salts (
  account_id bigint primary key,
  salt bytea not null check (length(salt) = 32)
);

create table ledger_leaves (
  -- The order in which events were given their place, which is not always that of their ids.
  leaf_index bigint primary key,
  event_id bigint not null unique,
  leaf_hash bytea not null check (length(leaf_hash) = 32)
);
create index ledger_leaves_by_hash on ledger_leaves using hash (leaf_hash);

-- Hashes of complete subtrees of 256^level leaves, from level 1.
create table ledger_tiles (
  level smallint not null check (level > 0),
  position bigint not null,
  hash bytea not null check (length(hash) = 32),
  primary key (level, position)
);

-- What was signed, as a note (C2SP tlog-checkpoint). The newest one covers all leaves.
create table ledger_checkpoints (
  size bigint primary key,
  root bytea not null check (length(root) = 32),
  note text not null,
  created_at timestamptz not null
);

-- Every key that has signed, as a verifier key (C2SP signed-note), since which size.
create table ledger_signers (
  verifier text primary key,
  since_size bigint not null,
  created_at timestamptz not null
);

create function keep_pending() returns trigger language plpgsql as $$
begin
  if exists (select from gone where not exists (select from ledger_leaves l where l.event_id = gone.event_id)) then
    raise exception 'an event without a leaf waits for one' using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
create trigger ledger_pending_keep after delete on ledger_pending referencing old table as gone
  for each statement execute function keep_pending();
create trigger ledger_pending_stay before update or truncate on ledger_pending
  for each statement execute function refuse_change();

-- A salt goes when no event names the person any more.
create function keep_salt() returns trigger language plpgsql as $$
begin
  if exists (select from gone where account_id = 0
      or exists (select from moderation_events e where e.account_id = gone.account_id)
      or exists (select from moderation_events e where e.actor_id = gone.account_id)
      or exists (select from moderation_events e where e.subject_id = gone.account_id and e.subject_kind = 'account'))
  then
    raise exception 'events need this salt' using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
create trigger ledger_salts_keep after delete on ledger_salts referencing old table as gone
  for each statement execute function keep_salt();
create trigger ledger_salts_stay before update or truncate on ledger_salts
  for each statement execute function refuse_change();

create trigger ledger_erasures_stay before update or delete or truncate on ledger_erasures
  for each statement execute function refuse_change();
create trigger ledger_leaves_stay before update or delete or truncate on ledger_leaves
  for each statement execute function refuse_change();
create trigger ledger_tiles_stay before update or delete or truncate on ledger_tiles
  for each statement execute function refuse_change();
create trigger ledger_checkpoints_stay before update or delete or truncate on ledger_checkpoints
  for each statement execute function refuse_change();
create trigger ledger_signers_stay before update or delete or truncate on ledger_signers
  for each statement execute function refuse_change();
