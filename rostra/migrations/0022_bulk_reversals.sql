-- A bulk decision can be turned round as a whole: each decision of it that still stands, by a worker.

alter table bulk_decisions
  drop constraint bulk_decisions_state_check,
  add constraint bulk_decisions_state_check
    check (state in ('running', 'finished', 'stopped', 'reversing', 'reversed')),
  add column reversed integer not null default 0,
  add column reversed_by bigint references accounts on delete set null,
  -- The role in which they ordered it, and why.
  add column reversed_role text not null default '',
  add column reversed_note text not null default '';
