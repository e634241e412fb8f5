-- A bulk decision over very many waits until a second person has looked at it; its counts are kept as it goes.

create table desk_settings (
  only_one boolean primary key default true check (only_one),
  -- A bulk decision over more than so many waits; 0: none does.
  second_look_over integer not null default 0 check (second_look_over between 0 and 20000)
);
insert into desk_settings default values;

alter table bulk_decisions
  drop constraint bulk_decisions_state_check,
  add constraint bulk_decisions_state_check
    check (state in ('waiting', 'running', 'finished', 'stopped', 'reversing', 'reversed')),
  -- Whether somebody else was to look first. 'alone': nobody else here had the right.
  add column second_look text not null default 'none' check (second_look in ('none', 'asked', 'alone')),
  -- Who looked, and let it go ahead.
  add column approved_by bigint references accounts on delete set null,
  add column approved_at timestamptz,
  add column stopped_by bigint references accounts on delete set null;
create index bulk_decisions_waiting on bulk_decisions (id) where state = 'waiting';

-- From here on each decision of it that is turned round counts at once, by whatever it was turned round.
update bulk_decisions b set reversed = n.reversed
from (
  select d.bulk_id, count(*) as reversed from decisions d where d.bulk_id is not null and d.reversed_at is not null
  group by d.bulk_id) n
where b.id = n.bulk_id;
