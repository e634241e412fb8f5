-- Measurement: who was shown what, samples of it that people label, what follows from the labels.

------------------------------------------------------------------------------------------------------------------------
-- Views: how often a status was shown to somebody, by day (UTC). Each web process adds its counts up every few seconds,
-- in the order of ids. Rows outlive their status, because it was seen; nothing refers to it, because that would cost a
-- look-up for each row.

create table status_views (
  status_id bigint not null,
  day date not null,
  views integer not null,
  primary key (status_id, day)
) with (fillfactor = 80);
create index status_views_by_day on status_views (day, status_id);

-- The share of all views of a post's life that come before its age (hours): half in the first ten, two thirds in a day,
-- 94 % in two weeks.
create function views_by_age(hours double precision) returns double precision
language sql immutable parallel safe as $$
  select 1 - power(1 + greatest(hours, 0) / 6, -0.7)
$$;

-- How many views are to be expected in the next 24 hours, of a post that had `seen` views from the age `since` (hours)
-- to the age `age`. Before anything is known: a tenth of the followers and five others over its whole life. What was
-- seen weighs the more the more it is.
create function views_expected(seen double precision, since double precision, age double precision, followers bigint)
returns real language sql immutable parallel safe as $$
  select ((
      5 / (5 + greatest(seen, 0))
        * (1 + greatest(seen, 0)) / (1 / (5 + 0.1 * greatest(followers, 0)) + past)
      + greatest(seen, 0) / (5 + greatest(seen, 0)) * greatest(seen, 0) / greatest(past, 0.0001)
    ) * (views_by_age(age + 24) - views_by_age(age)))::real
  from (select greatest(views_by_age(age) - views_by_age(since), 0) as past) exposure
$$;

-- For what has come in a day, and since when there is anything at all.
create index cases_opened on cases (opened_at);

------------------------------------------------------------------------------------------------------------------------
-- What can be set, by those who measure.

create table measurement_settings (
  only_one boolean primary key default true check (only_one),
  -- Views drawn each day.
  daily_sample integer not null default 100 check (daily_sample between 0 and 20000),
  -- Of them, the share that two people label.
  double_share double precision not null default 0.1 check (double_share between 0.1 and 1),
  -- Of the decisions, the share that is looked at again without knowing the first.
  second_share double precision not null default 0.02 check (second_share between 0.02 and 1),
  -- Of what somebody labels, the share of which the answer is known.
  golden_share double precision not null default 0.04 check (golden_share between 0 and 0.5)
);
insert into measurement_settings default values;

------------------------------------------------------------------------------------------------------------------------
-- Samples of views. The seed is in the ledger before the views are looked at.

create table sample_plans (
  id bigint primary key,
  -- The days (UTC) whose views it is drawn from; no day is in two.
  days daterange not null,
  seed text not null,
  size integer not null,
  double_share double precision not null,
  -- The events 'sample_planned' and 'sample_drawn'.
  planned_event_id bigint not null,
  drawn_event_id bigint,
  -- By stratum: {"name", "views", "statuses", "draws"}.
  strata jsonb not null default '[]',
  views bigint not null default 0,
  -- Of the frame, see rostra/measurement/frame.py.
  frame_sha256 bytea,
  planned_at timestamptz not null,
  drawn_at timestamptz,
  exclude using gist (days with &&)
);

-- What it was drawn from: all statuses with their views and strata, so that it can be drawn again.
create table sample_frames (
  plan_id bigint primary key references sample_plans on delete cascade,
  frame bytea not null
);

-- Items that people label blind. Of a plan: a status of the sample. Otherwise a decision that is looked at again.
create table label_items (
  id bigint primary key,
  kind text not null check (kind in ('sample', 'second')),
  plan_id bigint references sample_plans on delete cascade,
  decision_id bigint references decisions on delete cascade,
  -- In the order of drawing, so that what is labelled first is itself a random sample.
  position integer not null default 0,
  stratum smallint not null default 0,
  -- How often it was drawn.
  draws integer not null default 1,
  status_id bigint not null,
  account_id bigint,
  -- Null: it was gone when it was drawn.
  snapshot_id bigint references snapshots on delete set null,
  language text,
  -- What the rules said when it was written; those who label do not see it.
  rules text[] not null default '{}',
  twice boolean not null default false,
  created_at timestamptz not null,
  lease_by bigint references accounts on delete set null,
  lease_until timestamptz,
  -- How many have labelled it; the third one decides where two do not agree.
  labels integer not null default 0,
  state text not null default 'open' check (state in ('open', 'settled', 'gone')),
  outcome text check (outcome in ('violates', 'fine', 'unclear')),
  clause text not null default '',
  settled_at timestamptz,
  case_id bigint references cases on delete set null,
  check ((kind = 'sample') = (plan_id is not null)),
  check ((kind = 'second') = (decision_id is not null))
);
create unique index label_items_once on label_items (plan_id, status_id) where plan_id is not null;
create unique index label_items_second on label_items (decision_id) where decision_id is not null;
create index label_items_open on label_items (plan_id desc, position) where state = 'open';

create table item_labels (
  item_id bigint not null references label_items on delete cascade,
  account_id bigint references accounts on delete set null,
  outcome text not null check (outcome in ('violates', 'fine', 'unclear')),
  clause text not null default '',
  seconds integer not null default 0,
  at timestamptz not null,
  id bigint primary key
);
create unique index item_labels_once on item_labels (item_id, account_id);
create index item_labels_by_account on item_labels (account_id, id desc);
create index label_items_by_snapshot on label_items (snapshot_id) where snapshot_id is not null;

------------------------------------------------------------------------------------------------------------------------
-- Golden items: the answer is known. They come among other work and look like it.

create table golden_items (
  id bigint primary key,
  snapshot_id bigint not null references snapshots on delete cascade,
  account_id bigint not null,
  language text,
  outcome text not null check (outcome in ('violates', 'fine')),
  clause text not null default '',
  origin text not null check (origin in ('appeal', 'expert')),
  -- The decision that was turned round, where one was.
  decision_id bigint references decisions on delete set null,
  created_by bigint references accounts on delete set null,
  created_at timestamptz not null,
  retired_at timestamptz
);
create unique index golden_items_decision on golden_items (decision_id) where decision_id is not null;
create index golden_items_by_snapshot on golden_items (snapshot_id);

create table golden_answers (
  golden_id bigint not null references golden_items on delete cascade,
  account_id bigint not null references accounts on delete cascade,
  -- Given and not answered yet: null.
  outcome text check (outcome in ('violates', 'fine', 'unclear')),
  clause text not null default '',
  given_at timestamptz not null,
  answered_at timestamptz,
  primary key (golden_id, account_id)
);
create index golden_answers_by_account on golden_answers (account_id, given_at desc);

------------------------------------------------------------------------------------------------------------------------
-- What comes out.

create table prevalence_estimates (
  days daterange not null,
  -- Empty: of any clause.
  clause text not null,
  -- Views in the population; views that were drawn; of them labelled, and found against the clause.
  views bigint not null,
  drawn integer not null,
  labelled integer not null,
  hits integer not null,
  -- Shares of views; the interval holds the truth in 95 of 100 such samples.
  share double precision not null,
  low double precision not null,
  high double precision not null,
  -- The share of views of which nothing can be said: not labelled yet, gone, or unclear.
  unknown double precision not null,
  -- The share with the labellers' errors taken out; null where too few golden items say how they err.
  corrected double precision,
  made_at timestamptz not null,
  primary key (days, clause)
);

-- What each day looked like, without labels: the share of views in the highest strata.
create table prevalence_days (
  day date primary key,
  views bigint not null,
  risky_views bigint not null,
  made_at timestamptz not null
);

create table prevalence_alarms (
  id bigint primary key,
  -- 'labels': of the labelled sample; 'proxy': of the daily share of risky views; 'attempts': of what was judged.
  kind text not null check (kind in ('labels', 'proxy', 'attempts')),
  day date not null,
  -- Of that day, and what it was held against.
  value double precision not null,
  baseline double precision not null,
  event_id bigint not null,
  rung_at timestamptz not null,
  seen_at timestamptz,
  seen_by bigint references accounts on delete set null,
  unique (kind, day)
);
