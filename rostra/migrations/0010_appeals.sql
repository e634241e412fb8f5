-- What people are told of decisions on what is theirs; appeals by authors and reporters; panels that look at them.

------------------------------------------------------------------------------------------------------------------------
-- Telling runs at least once and writes once.

create table author_notices (
  decision_id bigint not null references decisions on delete cascade,
  about text not null check (about in ('decision', 'reversal')),
  account_id bigint not null,
  told_at timestamptz not null,
  primary key (decision_id, about)
);
-- How many letters somebody has had lately.
create index author_notices_by_account on author_notices (account_id, told_at);

------------------------------------------------------------------------------------------------------------------------
-- Appeals: one for each decision and side.

create table appeals (
  id bigint primary key,
  decision_id bigint not null references decisions,
  side text not null check (side in ('author', 'reporter')),
  -- Null: sent without an account, with the token of a legal notice; or the account is gone.
  account_id bigint references accounts on delete set null,
  report_id bigint references reports on delete set null,
  text text not null check (char_length(text) <= 4000),
  -- What was not known when it was decided.
  evidence text not null default '' check (char_length(evidence) <= 4000),
  language text not null default 'en',
  -- Who looks at it is `assigned_to` until `lease_until`, not a state that could get stuck.
  state text not null default 'filed' check (state in ('filed', 'panel', 'upheld', 'overturned', 'modified')),
  filed_at timestamptz not null,
  -- When those concerned should have an answer.
  due_at timestamptz not null,
  assigned_to bigint references accounts on delete set null,
  lease_until timestamptz,
  decided_by bigint references accounts on delete set null,
  decided_at timestamptz,
  -- What those concerned read, by language.
  answer jsonb not null default '{}',
  new_decision_id bigint references decisions,
  notified_at timestamptz,
  unique (decision_id, side),
  check ((state in ('filed', 'panel')) = (decided_at is null))
);
create index appeals_open on appeals (due_at, id) where decided_at is null;
create index appeals_decided on appeals (decided_at desc, id desc) where decided_at is not null;
create index appeals_by_account on appeals (account_id) where account_id is not null;
create index appeals_by_reviewer on appeals (decided_by) where decided_by is not null;

-- What somebody wrote goes with them; that there was an appeal, and what came of it, stays.
create function forget_appellant() returns trigger language plpgsql as $$
begin
  update appeals set text = '', evidence = '' where account_id = old.id;
  update panels p set question = '{}' from decisions d
    where d.id = p.decision_id and (d.account_id = old.id or exists (
      select from appeals a where a.decision_id = d.id and a.account_id = old.id));
  return old;
end $$;
create trigger accounts_forget_appeals before delete on accounts for each row execute function forget_appellant();

-- Whether somebody has had a part in what a decision is about: decided on the subject or its case, turned a decision on
-- it round, decided an appeal about it, reported it, appealed, or is the author.
create function took_part(decision bigint, who bigint) returns boolean language sql stable as $$
  select exists (
    select from decisions d where d.id = decision and (
      d.account_id = who
      or exists (select from decisions x where (x.reviewer_id = who or x.reversed_by = who)
        and ((x.subject_kind = d.subject_kind and x.subject_id = d.subject_id) or x.case_id = d.case_id))
      or exists (select from decisions x join appeals a on a.decision_id = x.id
        where (a.decided_by = who or a.account_id = who)
          and x.subject_kind = d.subject_kind and x.subject_id = d.subject_id)
      or exists (select from cases c join report_cases rc on rc.case_id = c.id join reports r on r.id = rc.report_id
        where c.subject_kind = d.subject_kind and c.subject_id = d.subject_id and r.account_id = who)))
$$;

create function keep_reviewers_apart() returns trigger language plpgsql as $$
declare
  who bigint;
begin
  foreach who in array array_remove(array[
      case when tg_op = 'INSERT' or new.assigned_to is distinct from old.assigned_to then new.assigned_to end,
      case when tg_op = 'INSERT' or new.decided_by is distinct from old.decided_by then new.decided_by end], null)
  loop
    if took_part(new.decision_id, who) then
      raise exception 'an appeal is never for somebody who had a part in it before' using errcode = 'check_violation';
    end if;
  end loop;
  return new;
end $$;
create trigger appeals_keep_reviewers_apart before insert or update of assigned_to, decided_by on appeals
  for each row execute function keep_reviewers_apart();

-- What was decided stays decided.
create function keep_appeal_decided() returns trigger language plpgsql as $$
begin
  if old.decided_at is not null and (new.state, new.decided_at) is distinct from (old.state, old.decided_at) then
    raise exception 'an appeal is decided once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger appeals_stay_decided before update of state, decided_at on appeals
  for each row execute function keep_appeal_decided();

------------------------------------------------------------------------------------------------------------------------
-- Panels: people drawn at random across viewpoint groups, who vote without knowing of each other.

create table jurors (
  account_id bigint primary key references accounts on delete cascade,
  opted_in_at timestamptz not null,
  -- By their past ballots: where they stand on the one axis that explains most of how jurors differ. Null: too few.
  factor real,
  -- How often they were right about questions whose answer is known, drawn towards a half while there are few.
  quality real not null default 0.5 check (quality between 0 and 1),
  fitted_at timestamptz
);

create table panels (
  id bigint primary key,
  -- Null: a question whose answer is known, by which quality is measured.
  appeal_id bigint references appeals on delete cascade,
  -- What it is about.
  decision_id bigint not null references decisions,
  truth text check (truth in ('uphold', 'overturn')),
  -- What jurors see: the text without what names people, the clause, what the sides say. Empty once its people are gone.
  question jsonb not null,
  seed text not null,
  drawn_at timestamptz not null,
  due_at timestamptz not null,
  state text not null default 'voting' check (state in ('voting', 'decided', 'returned')),
  outcome text check (outcome in ('uphold', 'overturn')),
  -- Votes by group and in all, with and without weights; never by juror.
  tally jsonb,
  closed_at timestamptz,
  check ((appeal_id is null) = (truth is not null))
);
create unique index panels_by_appeal on panels (appeal_id) where appeal_id is not null;
create index panels_by_decision on panels (decision_id);
create index panels_voting on panels (due_at) where state = 'voting';

create table panel_members (
  panel_id bigint not null references panels on delete cascade,
  juror_id bigint not null references accounts on delete cascade,
  -- Of the two viewpoint groups, or strata, that they were drawn from.
  side smallint not null check (side in (0, 1)),
  state text not null default 'asked' check (state in ('asked', 'voted', 'declined', 'lapsed')),
  asked_at timestamptz not null,
  due_at timestamptz not null,
  primary key (panel_id, juror_id)
);
create index panel_members_asked on panel_members (juror_id, due_at) where state = 'asked';

create table ballots (
  panel_id bigint not null references panels on delete cascade,
  juror_id bigint not null references accounts on delete cascade,
  vote text not null check (vote in ('uphold', 'overturn', 'unsure')),
  reason text not null default '' check (char_length(reason) <= 1000),
  weight real not null check (weight > 0),
  -- With the vote it makes the hash that the ledger has.
  nonce text not null,
  cast_at timestamptz not null,
  primary key (panel_id, juror_id)
);
create index ballots_by_juror on ballots (juror_id, cast_at desc);

-- A ballot is cast once, by somebody who was drawn.
create function keep_ballot() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    raise exception 'a ballot is cast once' using errcode = 'check_violation';
  end if;
  if not exists (select from panel_members m join panels p on p.id = m.panel_id
      where m.panel_id = new.panel_id and m.juror_id = new.juror_id and m.state = 'asked' and p.state = 'voting') then
    raise exception 'a ballot is for those who were asked' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger ballots_keep before insert or update on ballots for each row execute function keep_ballot();

create function keep_jurors_apart() returns trigger language plpgsql as $$
begin
  if exists (select from panels p where p.id = new.panel_id and took_part(p.decision_id, new.juror_id)) then
    raise exception 'a panel is never for somebody who had a part in it before' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger panel_members_keep_apart before insert on panel_members
  for each row execute function keep_jurors_apart();
