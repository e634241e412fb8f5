-- Crisis levers and the growth brake: what is prepared, what is pulled, the incidents that it belongs to.

-- One row. Whoever changes a lever locks it, so that two people, or two workers, never pull the same one twice.
create table lever_state (
  only_one boolean primary key default true check (only_one),
  -- Changes whenever a lever does.
  revision bigint not null default 0,
  -- The growth brake: invitations only while clearing the backlog would take longer than this.
  brake_on boolean not null default true,
  brake_limit_hours real not null default 72 check (brake_limit_hours between 1 and 2160),
  -- Below this many open cases it does nothing.
  brake_least_backlog integer not null default 100 check (brake_least_backlog between 1 and 1000000),
  -- False from when it pulled until the alarm has been over once.
  brake_is_set boolean not null default true,
  -- What the last look at the cases showed (rostra/levers/forecast.py), and when that was.
  forecast jsonb,
  looked_at timestamptz
);
insert into lever_state default values;

-- Levers that somebody has prepared otherwise than they come (rostra/levers/kinds.py).
create table levers (
  name text primary key,
  params jsonb not null,
  -- How long it holds once it is pulled; null until somebody releases it.
  lasts interval,
  -- {"kind": "backlog", "over": 500}; null where only people pull it (rostra/levers/triggers.py).
  trigger jsonb,
  -- False from when the trigger pulled until its condition has been over once.
  is_set boolean not null default true,
  armed_by bigint references accounts on delete set null,
  armed_at timestamptz not null
);

-- What levers were pulled for. Open until its debrief is written.
create table incidents (
  id bigint primary key,
  title text not null,
  level text not null check (level in ('watch', 'serious', 'critical')),
  started_at timestamptz not null,
  started_by bigint references accounts on delete set null,
  -- When the last of its levers was released.
  ended_at timestamptz,
  debrief text not null default '',
  debriefed_by bigint references accounts on delete set null,
  debriefed_at timestamptz
);
create index incidents_due on incidents (id desc) where debriefed_at is null;

-- Each time that a lever was pulled.
create table lever_pulls (
  id bigint primary key,
  name text not null,
  incident_id bigint not null references incidents,
  params jsonb not null,
  how text not null check (how in ('person', 'trigger', 'brake')),
  pulled_by bigint references accounts on delete set null,
  pulled_at timestamptz not null,
  reason text not null default '',
  -- Of a trigger or the brake: the condition, and what was read.
  reading jsonb,
  -- It counts no longer from this moment on, also before anybody has noted that.
  until timestamptz,
  released_at timestamptz,
  released_by bigint references accounts on delete set null,
  released_how text check (released_how in ('person', 'expired', 'brake')),
  -- Added up by each process about once a second.
  held bigint not null default 0,
  refused bigint not null default 0
);
create unique index lever_pulls_open on lever_pulls (name) where released_at is null;
create index lever_pulls_by_incident on lever_pulls (incident_id, id);
create index lever_pulls_by_name on lever_pulls (name, id desc);

-- When somebody may post again, while the slow mode holds.
create table lever_turns (
  account_id bigint primary key references accounts on delete cascade,
  next_at timestamptz not null
);
