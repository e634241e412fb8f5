-- The foundation: accounts and their users, sign-in, posts, timelines, notifications, search, reports.
-- Ids are snowflakes (milliseconds << 16 | sequence), handed out by make_id(); columns named *_key are object-store keys.
-- Times come from the caller's clock: no column defaults to now().

create extension if not exists pg_trgm;
create extension if not exists unaccent;

create sequence id_sequence cycle minvalue 0 maxvalue 65535 start 0 cache 50;

create function make_id(at timestamptz) returns bigint language sql volatile as $$
  select (floor(extract(epoch from at) * 1000)::bigint << 16) | nextval('id_sequence')
$$;

-- unaccent() is only stable because its dictionary may change; ours does not.
create function plain_text(value text) returns text language sql immutable parallel safe as $$
  select public.unaccent('public.unaccent'::regdictionary, value)
$$;

create text search configuration plain (copy = simple);
alter text search configuration plain
  alter mapping for hword, hword_part, word with public.unaccent, simple;

------------------------------------------------------------------------------------------------------------------------
-- Accounts: the public side of a person, here or elsewhere (domain is null for those who live here).

create table accounts (
  id bigint primary key,
  username text not null,
  domain text,
  uri text not null unique,
  url text not null,
  display_name text not null default '',
  note_text text not null default '',
  note text not null default '',
  -- [{name, value, html, verified_at}]
  fields jsonb not null default '[]',
  avatar_key text,
  avatar_static_key text,
  avatar_description text not null default '',
  header_key text,
  header_static_key text,
  header_description text not null default '',
  locked boolean not null default false,
  bot boolean not null default false,
  discoverable boolean not null default false,
  indexable boolean not null default false,
  hide_collections boolean not null default false,
  -- Posts of such an author are merged into home timelines when they are read, not copied when they are written.
  merged_on_read boolean not null default false,
  silenced_at timestamptz,
  suspended_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- The part of the account's JSON that changes only with the profile, and what it was rendered for.
  rendered text not null default '',
  rendered_for integer not null default 0
);
create unique index accounts_by_handle on accounts (lower(username), coalesce(lower(domain), ''));
create index accounts_by_name_search on accounts using gin (
  plain_text(lower(username || ' ' || display_name)) gin_trgm_ops);
create index accounts_by_username_prefix on accounts (lower(username) text_pattern_ops);
create index accounts_merged_on_read on accounts (id) where merged_on_read;
create index accounts_directory on accounts (id desc) where domain is null and discoverable and suspended_at is null;

-- Names of those who have left. Nobody else may be taken for them.
create table departed_usernames (
  -- Lower-cased.
  username_key text primary key,
  departed_at timestamptz not null
);

create table account_stats (
  account_id bigint primary key references accounts on delete cascade,
  followers_count bigint not null default 0,
  following_count bigint not null default 0,
  statuses_count bigint not null default 0,
  last_status_at timestamptz
) with (fillfactor = 70);

-- The private side of those who live here.
create table users (
  account_id bigint primary key references accounts on delete cascade,
  email text not null,
  -- Lower-cased; what uniqueness means.
  email_key text not null unique,
  password_hash text not null,
  role text not null default 'user' check (role in ('owner', 'admin', 'moderator', 'user')),
  locale text not null default 'en',
  theme text not null default 'auto' check (theme in ('auto', 'light', 'dark')),
  default_visibility text not null default 'public' check (default_visibility in ('public', 'unlisted', 'private', 'direct')),
  default_sensitive boolean not null default false,
  default_language text,
  expand_media text not null default 'default' check (expand_media in ('default', 'show_all', 'hide_all')),
  expand_spoilers boolean not null default false,
  confirmed_at timestamptz,
  approved_at timestamptz,
  disabled_at timestamptz,
  sign_up_reason text not null default '',
  sign_up_ip inet,
  invite_id bigint,
  app_id bigint,
  totp_secret text,
  totp_enabled_at timestamptz,
  -- The last time step that was used, so that no code works twice (RFC 6238, 5.2).
  totp_last_step bigint not null default 0,
  recovery_code_hashes bytea[] not null default '{}',
  -- Zero while the person has no filters; else it changes with each change to them.
  filters_revision bigint not null default 0,
  last_active_on date,
  created_at timestamptz not null
);
create index users_pending on users (created_at) where approved_at is null;
create index users_active on users (last_active_on);

create table invites (
  id bigint primary key,
  code text not null unique,
  account_id bigint not null references accounts on delete cascade,
  max_uses integer,
  uses integer not null default 0,
  expires_at timestamptz,
  created_at timestamptz not null
);
create index invites_by_account on invites (account_id, id desc);
alter table users add foreign key (invite_id) references invites on delete set null;

-- Links that were sent by mail, and the one that makes the first visitor the owner. Only hashes are kept.
create table email_tokens (
  token_hash bytea primary key,
  account_id bigint references accounts on delete cascade,
  purpose text not null check (purpose in ('confirm', 'reset_password', 'claim_ownership')),
  -- The address that the token proves; null where none is at stake.
  email text,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index email_tokens_by_account on email_tokens (account_id, purpose);

create table sessions (
  id bigint primary key,
  token_hash bytea not null unique,
  account_id bigint not null references accounts on delete cascade,
  ip inet,
  user_agent text not null default '',
  created_at timestamptz not null,
  last_seen_at timestamptz not null
);
create index sessions_by_account on sessions (account_id, id desc);

create table apps (
  id bigint primary key,
  name text not null,
  website text,
  redirect_uris text[] not null,
  scopes text[] not null,
  client_id text not null unique,
  client_secret_hash bytea not null,
  created_at timestamptz not null
);
alter table users add foreign key (app_id) references apps on delete set null;

create table access_tokens (
  id bigint primary key,
  token_hash bytea not null unique,
  app_id bigint not null references apps on delete cascade,
  -- Null for a token of the app itself (client credentials).
  account_id bigint references accounts on delete cascade,
  scopes text[] not null,
  created_at timestamptz not null,
  last_used_on date
);
create index access_tokens_by_account on access_tokens (account_id, id desc);
create index access_tokens_by_app on access_tokens (app_id);

create table authorization_codes (
  code_hash bytea primary key,
  app_id bigint not null references apps on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  redirect_uri text not null,
  scopes text[] not null,
  code_challenge text,
  expires_at timestamptz not null,
  -- What it was exchanged for: who sends a code again ends that.
  used_at timestamptz,
  token_id bigint references access_tokens on delete cascade
);
create index authorization_codes_by_age on authorization_codes (expires_at);
create index authorization_codes_by_token on authorization_codes (token_id);

------------------------------------------------------------------------------------------------------------------------
-- Between accounts. Rows have ids of their own: they are the cursors of the lists.

create table follows (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  show_reblogs boolean not null default true,
  notify boolean not null default false,
  languages text[],
  created_at timestamptz not null,
  unique (account_id, target_id)
);
create index follows_by_target on follows (target_id, id);
create index follows_with_bell on follows (target_id) where notify;
create index follows_by_account on follows (account_id, id);

create table follow_requests (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  show_reblogs boolean not null default true,
  notify boolean not null default false,
  languages text[],
  created_at timestamptz not null,
  unique (account_id, target_id)
);
create index follow_requests_by_target on follow_requests (target_id, id);

create table blocks (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  created_at timestamptz not null,
  unique (account_id, target_id)
);
create index blocks_by_target on blocks (target_id, account_id);

create table mutes (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  hide_notifications boolean not null default true,
  expires_at timestamptz,
  created_at timestamptz not null,
  unique (account_id, target_id)
);
create index mutes_by_target on mutes (target_id, account_id);

-- Domains that one person does not want to see.
create table account_domain_blocks (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  domain text not null,
  created_at timestamptz not null,
  unique (account_id, domain)
);

create table account_notes (
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  comment text not null,
  updated_at timestamptz not null,
  primary key (account_id, target_id)
);

------------------------------------------------------------------------------------------------------------------------
-- Posts.

create table conversations (
  id bigint primary key,
  created_at timestamptz not null
);

create table custom_emojis (
  id bigint primary key,
  shortcode text not null unique,
  image_key text not null,
  static_key text not null,
  category text,
  visible_in_picker boolean not null default true,
  disabled_at timestamptz,
  created_at timestamptz not null
);

create table preview_cards (
  id bigint primary key,
  url text not null unique,
  title text not null default '',
  description text not null default '',
  language text,
  type text not null default 'link' check (type in ('link', 'photo', 'video', 'rich')),
  author_name text not null default '',
  author_url text not null default '',
  provider_name text not null default '',
  provider_url text not null default '',
  image_key text,
  image_description text not null default '',
  width integer not null default 0,
  height integer not null default 0,
  blurhash text,
  published_at timestamptz,
  -- Null until the page was fetched; a page without a usable title stays without a card.
  fetched_at timestamptz,
  usable boolean not null default false
);

create table statuses (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  uri text not null unique,
  url text not null,
  -- As typed, and as shown.
  text text not null default '',
  content text not null default '',
  spoiler_text text not null default '',
  visibility text not null check (visibility in ('public', 'unlisted', 'private', 'direct')),
  sensitive boolean not null default false,
  language text,
  in_reply_to_id bigint references statuses on delete set null,
  in_reply_to_account_id bigint,
  reblog_of_id bigint references statuses on delete cascade,
  conversation_id bigint not null references conversations,
  card_id bigint references preview_cards on delete set null,
  app_id bigint references apps on delete set null,
  created_at timestamptz not null,
  edited_at timestamptz,
  -- Spares most reads a look for a poll. A poll has the id of its status.
  has_poll boolean not null default false,
  -- Counts the edits; part of the name of everything that is derived from the text.
  revision integer not null default 0,
  -- The part of the JSON that no viewer, count or vote changes, and what it was rendered for.
  rendered text not null default '',
  rendered_for integer not null default 0
);
create index statuses_by_account on statuses (account_id, id desc);
-- This order, so that one descent finds all that a viewer has boosted of a page.
create unique index statuses_reblog_once on statuses (account_id, reblog_of_id) where reblog_of_id is not null;
create index statuses_boosts on statuses (reblog_of_id, id desc) where reblog_of_id is not null;
create index statuses_replies on statuses (in_reply_to_id, id) where in_reply_to_id is not null;
create index statuses_by_conversation on statuses (conversation_id, id);
create index statuses_public on statuses (id desc) where visibility = 'public' and reblog_of_id is null;
create index statuses_by_card on statuses (card_id, id desc) where card_id is not null;

create table status_stats (
  status_id bigint primary key references statuses on delete cascade,
  replies_count integer not null default 0,
  reblogs_count integer not null default 0,
  favourites_count integer not null default 0
) with (fillfactor = 70);

-- What the text was before each edit; the newest state is in `statuses`.
create table status_edits (
  status_id bigint not null references statuses on delete cascade,
  revision integer not null,
  text text not null,
  content text not null,
  spoiler_text text not null,
  sensitive boolean not null,
  -- MediaAttachment entities and poll options as they were shown then.
  media jsonb not null default '[]',
  poll_options text[],
  created_at timestamptz not null,
  primary key (status_id, revision)
);

create table mentions (
  status_id bigint not null references statuses on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  primary key (status_id, account_id)
);
create index mentions_by_account on mentions (account_id, status_id desc);

create table tags (
  id bigint primary key,
  -- Normalised (NFKC, case folded); what uniqueness means.
  name text not null unique,
  display_name text not null,
  listable boolean not null default true,
  trendable boolean not null default true,
  last_used_at timestamptz,
  created_at timestamptz not null
);
create index tags_by_prefix on tags (name text_pattern_ops);

create table status_tags (
  tag_id bigint not null references tags on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  primary key (tag_id, status_id)
);
create index status_tags_by_status on status_tags (status_id);

create table tag_follows (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  tag_id bigint not null references tags on delete cascade,
  created_at timestamptz not null,
  unique (account_id, tag_id)
);
create index tag_follows_by_tag on tag_follows (tag_id, account_id);

-- One row for each person and day, so that a count of rows is a count of people.
create table tag_uses (
  tag_id bigint not null references tags on delete cascade,
  used_on date not null,
  account_id bigint not null references accounts on delete cascade,
  uses integer not null default 1,
  primary key (tag_id, used_on, account_id)
);
create index tag_uses_by_day on tag_uses (used_on, tag_id);

create table polls (
  id bigint primary key,
  status_id bigint not null unique references statuses on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  options text[] not null,
  votes integer[] not null,
  voters_count integer not null default 0,
  multiple boolean not null,
  hide_totals boolean not null default false,
  expires_at timestamptz,
  created_at timestamptz not null
);

create table poll_votes (
  poll_id bigint not null references polls on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  choices integer[] not null,
  created_at timestamptz not null,
  primary key (poll_id, account_id)
);

create table scheduled_statuses (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  scheduled_at timestamptz not null,
  -- The draft, as the publisher takes it.
  draft jsonb not null,
  app_id bigint references apps on delete set null,
  created_at timestamptz not null
);
create index scheduled_statuses_by_account on scheduled_statuses (account_id, id desc);
create index scheduled_statuses_due on scheduled_statuses (scheduled_at);

create table media_attachments (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  status_id bigint references statuses on delete set null,
  scheduled_status_id bigint references scheduled_statuses on delete set null,
  position smallint not null default 0,
  type text not null check (type in ('image', 'gifv', 'video', 'audio', 'unknown')),
  description text,
  focus_x double precision,
  focus_y double precision,
  blurhash text,
  content_type text not null,
  original_key text not null,
  preview_key text not null,
  size_bytes bigint not null,
  meta jsonb not null,
  created_at timestamptz not null
);
create index media_by_status on media_attachments (status_id, position) where status_id is not null;
create index media_unattached on media_attachments (created_at) where status_id is null and scheduled_status_id is null;
create index media_by_account on media_attachments (account_id, id desc);
create index media_by_author on media_attachments (account_id, status_id) where status_id is not null;

create table favourites (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  created_at timestamptz not null,
  unique (account_id, status_id)
);
create index favourites_by_status on favourites (status_id, id desc);
-- Partial, so that it is taken for listing only: whether somebody has favourited any of a page of statuses must not be
-- answered by reading all that they ever have. The same holds for bookmarks.
create index favourites_by_account on favourites (account_id, id desc) where id > 0;

create table bookmarks (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  created_at timestamptz not null,
  unique (account_id, status_id)
);
create index bookmarks_by_account on bookmarks (account_id, id desc) where id > 0;
create index bookmarks_by_status on bookmarks (status_id);

create table status_pins (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  created_at timestamptz not null,
  unique (account_id, status_id)
);
create index status_pins_by_status on status_pins (status_id);

create table conversation_mutes (
  account_id bigint not null references accounts on delete cascade,
  conversation_id bigint not null references conversations on delete cascade,
  primary key (account_id, conversation_id)
);

-- An answer to a POST with an Idempotency-Key, kept for an hour.
create table idempotency_keys (
  account_id bigint not null references accounts on delete cascade,
  key text not null,
  status_id bigint references statuses on delete cascade,
  scheduled_status_id bigint references scheduled_statuses on delete cascade,
  created_at timestamptz not null,
  primary key (account_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

------------------------------------------------------------------------------------------------------------------------
-- Timelines.

-- Home timelines, copied out when a status is posted. A status appears once, however often it is boosted:
-- subject_id is the boosted status, or the status itself.
-- Two triggers stand for the references to accounts and statuses: checking those would be a third of the cost of a post.
create table home_entries (
  account_id bigint not null,
  status_id bigint not null,
  subject_id bigint not null,
  author_id bigint not null,
  subject_author_id bigint not null,
  primary key (account_id, status_id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create unique index home_entries_once on home_entries (account_id, subject_id);
create index home_entries_by_status on home_entries (status_id);

create function take_status_out_of_homes() returns trigger language plpgsql as $$
begin
  delete from home_entries where status_id = old.id;
  return null;
end $$;
create trigger statuses_leave_homes after delete on statuses for each row execute function take_status_out_of_homes();

create function empty_home() returns trigger language plpgsql as $$
begin
  delete from home_entries where account_id = old.id;
  return null;
end $$;
create trigger accounts_leave_homes after delete on accounts for each row execute function empty_home();

create table lists (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  title text not null,
  replies_policy text not null default 'list' check (replies_policy in ('followed', 'list', 'none')),
  exclusive boolean not null default false,
  created_at timestamptz not null
);
create index lists_by_account on lists (account_id, id);

create table list_accounts (
  id bigint primary key,
  list_id bigint not null references lists on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  unique (list_id, account_id)
);
create index list_accounts_by_account on list_accounts (account_id, list_id);

create table markers (
  account_id bigint not null references accounts on delete cascade,
  timeline text not null check (timeline in ('home', 'notifications')),
  last_read_id bigint not null,
  version integer not null default 1,
  updated_at timestamptz not null,
  primary key (account_id, timeline)
);

create table filters (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  title text not null,
  context text[] not null,
  action text not null default 'warn' check (action in ('warn', 'hide', 'blur')),
  expires_at timestamptz,
  created_at timestamptz not null
);
create index filters_by_account on filters (account_id, id);

create table filter_keywords (
  id bigint primary key,
  filter_id bigint not null references filters on delete cascade,
  keyword text not null,
  whole_word boolean not null default true
);
create index filter_keywords_by_filter on filter_keywords (filter_id, id);

create table filter_statuses (
  id bigint primary key,
  filter_id bigint not null references filters on delete cascade,
  status_id bigint not null references statuses on delete cascade,
  unique (filter_id, status_id)
);

-- Trends are computed now and then by a job and read as they stand.
create table trending_tags (
  tag_id bigint primary key references tags on delete cascade,
  score double precision not null
);
create table trending_statuses (
  status_id bigint primary key references statuses on delete cascade,
  score double precision not null
);
create table trending_links (
  card_id bigint primary key references preview_cards on delete cascade,
  score double precision not null,
  -- Of seven days: {"2026-05-04": [accounts, uses]}
  history jsonb not null
);

------------------------------------------------------------------------------------------------------------------------
-- Notifications and push.

create table notifications (
  -- Counted, not by time: pushes carry the id as a number, and apps in browsers can hold none above 2^53.
  id bigint generated by default as identity primary key,
  account_id bigint not null references accounts on delete cascade,
  type text not null,
  from_account_id bigint not null references accounts on delete cascade,
  status_id bigint references statuses on delete cascade,
  report_id bigint,
  created_at timestamptz not null
);
create index notifications_by_account on notifications (account_id, id desc);
-- Handlers run at least once; the second time must change nothing.
create unique index notifications_once on notifications (account_id, type, from_account_id, coalesce(status_id, 0), coalesce(report_id, 0));
create index notifications_by_status on notifications (status_id) where status_id is not null;
create index notifications_by_author on notifications (from_account_id);

create table push_subscriptions (
  id bigint primary key,
  token_id bigint not null unique references access_tokens on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  endpoint text not null,
  p256dh text not null,
  auth text not null,
  standard boolean not null default false,
  -- Types of notification that are wanted.
  alerts text[] not null,
  policy text not null default 'all' check (policy in ('all', 'followed', 'follower', 'none')),
  -- The access token, encrypted: pushes carry it, and of tokens only hashes are kept.
  token_sealed text not null,
  -- Since the last push that was taken.
  failures integer not null default 0,
  failing_since timestamptz,
  created_at timestamptz not null
);
create index push_subscriptions_by_account on push_subscriptions (account_id);

------------------------------------------------------------------------------------------------------------------------
-- Search: what may be found, apart from the posts themselves so that writing one stays cheap.

create table status_search (
  status_id bigint primary key references statuses on delete cascade,
  account_id bigint not null,
  -- True where anybody may find it: a public status of an author who wishes to be found.
  open boolean not null,
  words tsvector not null
);
create index status_search_words on status_search using gin (words);
create index status_search_by_account on status_search (account_id, status_id);

------------------------------------------------------------------------------------------------------------------------
-- Reports, rules, and what administrators change while the server runs.

create table reports (
  id bigint primary key,
  account_id bigint not null references accounts on delete cascade,
  target_id bigint not null references accounts on delete cascade,
  status_ids bigint[] not null default '{}',
  rule_ids bigint[] not null default '{}',
  category text not null default 'other' check (category in ('spam', 'legal', 'violation', 'other')),
  comment text not null default '',
  forward boolean not null default false,
  action_taken_at timestamptz,
  created_at timestamptz not null
);
create index reports_by_target on reports (target_id, id desc);
create index reports_open on reports (id desc) where action_taken_at is null;
create index reports_by_account on reports (account_id, id desc);

create table rules (
  id bigint primary key,
  text text not null,
  hint text not null default '',
  position integer not null default 0,
  deleted_at timestamptz
);

create table instance_settings (
  name text primary key,
  value jsonb not null,
  updated_at timestamptz not null
);

-- Who changed what about the server. Append only.
create table audit_events (
  id bigint primary key,
  actor_id bigint references accounts on delete set null,
  action text not null,
  subject text not null default '',
  details jsonb not null default '{}',
  created_at timestamptz not null
);

-- Shared counters of the rate limits; losing them in a crash is harmless.
create unlogged table rate_windows (
  key text not null,
  window_start timestamptz not null,
  count integer not null,
  primary key (key, window_start)
);
create index rate_windows_by_age on rate_windows (window_start);
