-- Server-wide blocks: domains of other servers, providers of e-mail, single addresses, networks; and the review of trends.

------------------------------------------------------------------------------------------------------------------------
-- Other servers. A rule for a domain holds for all below it; of several the one for the longest name.

create table domain_blocks (
  id bigint primary key,
  -- As `kit.addresses.normalise_domain` spells it.
  domain text not null unique,
  severity text not null check (severity in ('silence', 'suspend', 'noop')),
  reject_media boolean not null default false,
  reject_reports boolean not null default false,
  private_comment text not null default '',
  public_comment text not null default '',
  obfuscate boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- With which servers there is any exchange while the instance is closed to others.
create table domain_allows (
  id bigint primary key,
  domain text not null unique,
  created_at timestamptz not null
);

-- A domain and all that it lies in, the longest first.
create function domain_and_above(domain text) returns text[] language sql immutable parallel safe as $$
  select array_agg(array_to_string(parts[n:], '.') order by n)
  from (select string_to_array(domain, '.') as parts) d, generate_subscripts(d.parts, 1) n
$$;

create function domain_severity(of_domain text) returns text language sql stable parallel safe as $$
  select b.severity from domain_blocks b where b.domain = any(domain_and_above(of_domain))
  order by length(b.domain) desc limit 1
$$;

create index accounts_by_domain on accounts (domain, id) where domain is not null;

-- Whoever lifts a sanction on somebody of a blocked server lifts that one alone: what holds for the server stays.
create function keep_domain_block() returns trigger language plpgsql as $$
declare
  severity text := domain_severity(new.domain);
begin
  if severity = 'suspend' then
    new.suspended_at := coalesce(new.suspended_at, old.suspended_at);
  elsif severity = 'silence' then
    new.silenced_at := coalesce(new.silenced_at, old.silenced_at);
  end if;
  return new;
end $$;
create trigger accounts_keep_domain_block before update of suspended_at, silenced_at on accounts for each row
  when (new.domain is not null and ((old.suspended_at is not null and new.suspended_at is null)
    or (old.silenced_at is not null and new.silenced_at is null)))
  execute function keep_domain_block();

------------------------------------------------------------------------------------------------------------------------
-- Who may not sign up, or has to wait.

create table email_domain_blocks (
  id bigint primary key,
  domain text not null unique,
  -- Whoever comes from there waits for approval in place of being turned away.
  allow_with_approval boolean not null default false,
  created_at timestamptz not null
);

-- Attempts of the last days; addresses are kept no longer than that.
create table email_domain_attempts (
  block_id bigint not null references email_domain_blocks on delete cascade,
  day date not null,
  address text not null,
  attempts integer not null,
  primary key (block_id, day, address)
);

-- Hashes only, so that nobody can read the list.
create table canonical_email_blocks (
  id bigint primary key,
  canonical_email_hash text not null unique check (canonical_email_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null
);

create table ip_blocks (
  id bigint primary key,
  network cidr not null unique,
  severity text not null check (severity in ('sign_up_requires_approval', 'sign_up_block', 'no_access')),
  comment text not null default '',
  expires_at timestamptz,
  created_at timestamptz not null
);
create index ip_blocks_containing on ip_blocks using gist (network inet_ops);
create index ip_blocks_expiring on ip_blocks (expires_at) where expires_at is not null;

-- One row: changes whenever an ip_block does. Processes keep the networks in memory and look at this every second.
create table ip_blocks_state (
  only_one boolean primary key default true check (only_one),
  revision bigint not null default 0
);
insert into ip_blocks_state default values;

create function count_ip_blocks_change() returns trigger language plpgsql as $$
begin
  update ip_blocks_state set revision = revision + 1;
  return null;
end $$;
create trigger ip_blocks_changed after insert or update or delete or truncate on ip_blocks
  for each statement execute function count_ip_blocks_change();

------------------------------------------------------------------------------------------------------------------------
-- What may trend.

alter table tags
  -- Posts with a hashtag that is not usable are refused.
  add column usable boolean not null default true,
  add column reviewed_at timestamptz;

create table trend_reviews (
  kind text not null check (kind in ('status', 'link', 'publisher')),
  -- A status, a card, a publisher.
  subject_id bigint not null,
  allowed boolean not null,
  reviewer_id bigint references accounts on delete set null,
  reviewed_at timestamptz not null,
  primary key (kind, subject_id)
);

-- Sites whose pages have trended, by the host of their links.
create table link_publishers (
  id bigint primary key,
  domain text not null unique,
  created_at timestamptz not null
);
alter table preview_cards add column publisher_id bigint references link_publishers on delete set null;
create index preview_cards_by_publisher on preview_cards (publisher_id) where publisher_id is not null;

------------------------------------------------------------------------------------------------------------------------
-- Who was here on which day, for what administrators measure; kept a little over a year.

create table activity_days (
  account_id bigint not null references accounts on delete cascade,
  day date not null,
  primary key (account_id, day)
);
create index activity_days_by_day on activity_days (day);
insert into activity_days (account_id, day) select account_id, last_active_on from users where last_active_on is not null;

-- `users.last_active_on` changes once a day for each who is here.
create function note_activity() returns trigger language plpgsql as $$
begin
  insert into activity_days (account_id, day) values (new.account_id, new.last_active_on) on conflict do nothing;
  return null;
end $$;
create trigger users_note_activity after update of last_active_on on users for each row
  when (new.last_active_on is not null and new.last_active_on is distinct from old.last_active_on)
  execute function note_activity();

-- Of many accounts few are so; staff looks for them.
create index accounts_silenced on accounts (id) where silenced_at is not null;
create index accounts_sensitized on accounts (id) where sensitized_at is not null;
create index users_disabled on users (account_id) where disabled_at is not null;
create index users_with_role on users (account_id) where role <> 'user';

create index reports_resolved on reports (action_taken_at) where action_taken_at is not null;
