-- Notices of hosts and authorities: who sends them, what they name, what was done about each example, and the answer.

create table notice_providers (
  id bigint primary key,
  name text not null,
  -- Whose clauses they cite: the id of a host profile in the policy (hosts/*.yaml); empty for none.
  host text not null default '',
  -- Where the answer goes.
  contact text not null default '',
  -- Mail from there is theirs, once our mail server says that it is from there.
  domains text[] not null default '{}',
  regime text not null default 'host' check (regime in ('host', 'order', 'terrorist', 'legal', 'store', 'own')),
  reply_within interval not null default interval '24 hours' check (reply_within > interval '0'),
  language text not null default 'en',
  -- SHA-256 of the token by which they send through the API.
  token_hash bytea unique,
  token_made_at timestamptz,
  created_at timestamptz not null,
  retired_at timestamptz
);
create unique index notice_providers_by_name on notice_providers (lower(name));

create table notices (
  id bigint primary key,
  provider_id bigint references notice_providers,
  channel text not null check (channel in ('api', 'mail', 'form', 'public', 'file', 'drill')),
  format text not null default '' check (format in ('', 'xarf4', 'xarf3', 'arf', 'mail', 'csv', 'text')),
  -- How it is known who sent it: by a token, by a signature that our mail server checked, by somebody of ours.
  proof text not null check (proof in ('token', 'signature', 'person', 'none')),
  state text not null check (state in ('quarantined', 'refused', 'received', 'parsed', 'expanding', 'acting', 'drafting',
    'approved', 'sent', 'accepted', 'follow_up', 'contested', 'closed')),
  -- Why it is quarantined or was refused; empty otherwise.
  fault text not null default '',
  regime text not null check (regime in ('host', 'order', 'terrorist', 'legal', 'store', 'own')),
  -- Claims of whoever wrote it.
  sender text not null default '',
  reporter text not null default '',
  subject text not null default '',
  text text not null default '',
  report_id text not null default '',
  clauses text[] not null default '{}',
  evidence jsonb not null default '[]',
  problems jsonb not null default '[]',
  -- By this nothing is taken in twice: the sender's key, or a hash of what was sent.
  once_key text not null unique,
  sha256 bytea not null,
  received_at timestamptz not null,
  -- The nearest of its clocks.
  due_at timestamptz not null,
  -- Set when a clock ran out before the answer. It stays.
  breached_at timestamptz,
  -- How often staff were told that time is passing: at half of it, at four fifths.
  alarms smallint not null default 0,
  closed_at timestamptz
);
create index notices_open on notices (due_at, id) where state not in ('quarantined', 'refused', 'closed');
create index notices_quarantined on notices (id) where state = 'quarantined';
create index notices_by_provider on notices (provider_id, id desc);
create index notices_latest on notices (id desc);

-- What came, byte by byte. Shown as text only.
create table notice_originals (
  notice_id bigint primary key references notices,
  content_type text not null,
  body bytea not null
);

-- Each state that a notice was in, from when: what answering took, step by step.
create table notice_steps (
  id bigint primary key,
  notice_id bigint not null references notices,
  state text not null,
  actor_id bigint references accounts on delete set null,
  at timestamptz not null,
  note text not null default ''
);
create index notice_steps_by_notice on notice_steps (notice_id, id);

create table notice_items (
  id bigint primary key,
  notice_id bigint not null references notices,
  position integer not null,
  url text not null default '',
  quote text not null default '',
  -- The sender's name for what it breaks, and the clause of ours that answers it.
  named_clause text not null default '',
  clause text not null default '',
  note text not null default '',
  evidence jsonb not null default '[]',
  -- 'near': nothing is there, but something says the same.
  match text not null default 'pending' check (match in ('pending', 'found', 'near', 'gone', 'not_ours', 'unknown')),
  subject_kind text check (subject_kind in ('status', 'account')),
  subject_id bigint,
  account_id bigint,
  case_id bigint references cases on delete set null,
  copies integer not null default 0,
  authors integer not null default 0,
  -- Followers of all those authors, each once.
  reach bigint not null default 0,
  bulk_id bigint,
  -- What a person wrote about it for the answer.
  remark text not null default '',
  unique (notice_id, position)
);
create index notice_items_by_subject on notice_items (subject_kind, subject_id) where subject_id is not null;

-- Near-copies of an item, as they were found; one status belongs to one item of a notice.
create table notice_copies (
  notice_id bigint not null references notices,
  item_id bigint not null references notice_items,
  status_id bigint not null,
  account_id bigint not null,
  similarity real not null,
  reach integer not null,
  case_id bigint references cases on delete set null,
  primary key (notice_id, status_id)
);
create index notice_copies_by_item on notice_copies (item_id, similarity desc, status_id desc);

create table notice_answers (
  id bigint primary key,
  notice_id bigint not null references notices,
  text text not null,
  edited_by bigint references accounts on delete set null,
  drafted_at timestamptz not null,
  approved_by bigint references accounts on delete set null,
  approved_at timestamptz,
  sent_at timestamptz,
  sent_by text check (sent_by in ('mail', 'hand'))
);
create index notice_answers_by_notice on notice_answers (notice_id, id desc);

-- What the sender wrote afterwards, and what became of it outside.
create table notice_replies (
  id bigint primary key,
  notice_id bigint not null references notices,
  channel text not null,
  sender text not null default '',
  text text not null,
  once_key text not null unique,
  at timestamptz not null
);
create index notice_replies_by_notice on notice_replies (notice_id, id);

create table evidence_packs (
  id bigint primary key,
  notice_id bigint not null references notices,
  sha256 bytea not null,
  body bytea not null,
  made_by bigint references accounts on delete set null,
  made_at timestamptz not null
);
create index evidence_packs_by_notice on evidence_packs (notice_id, id desc);

------------------------------------------------------------------------------------------------------------------------
-- Clocks of notices. Those of the cases that a notice opened are in deadlines. Several may run at once.

create table notice_clocks (
  id bigint primary key,
  notice_id bigint not null references notices,
  regime text not null check (regime in ('host', 'order', 'terrorist', 'legal', 'store', 'own')),
  starts_at timestamptz not null,
  due_at timestamptz not null,
  -- The answer was sent.
  met_at timestamptz,
  -- It was not, in time.
  missed_at timestamptz,
  unique (notice_id, regime)
);
create index notice_clocks_running on notice_clocks (due_at) where met_at is null and missed_at is null;

create function keep_notice_clock() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (old.missed_at is not null and (new.missed_at is distinct from old.missed_at
      or new.due_at <> old.due_at or new.starts_at <> old.starts_at)) then
    raise exception 'a missed deadline cannot be edited away' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger notice_clocks_keep before update or delete on notice_clocks for each row
  execute function keep_notice_clock();

-- The one way of a notice, and a breach that stays.
create function keep_notice() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a notice is not deleted' using errcode = 'insufficient_privilege';
  end if;
  if old.breached_at is not null and new.breached_at is distinct from old.breached_at then
    raise exception 'a breach cannot be taken back' using errcode = 'insufficient_privilege';
  end if;
  if new.state <> old.state and not (old.state || '>' || new.state = any(array[
    'quarantined>received', 'quarantined>refused', 'received>parsed', 'parsed>expanding', 'expanding>acting',
    'acting>drafting', 'drafting>acting', 'drafting>approved', 'approved>drafting', 'approved>sent',
    'sent>accepted', 'sent>follow_up', 'sent>contested', 'sent>closed', 'follow_up>acting', 'follow_up>drafting',
    'follow_up>accepted', 'follow_up>closed', 'contested>acting', 'contested>drafting', 'contested>accepted', 'contested>closed', 'accepted>follow_up',
    'accepted>contested', 'accepted>closed'])) then
    raise exception 'a notice does not go from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger notices_keep before update or delete on notices for each row execute function keep_notice();
