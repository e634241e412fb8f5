-- What those who report hear of it; legal notices that name nothing of ours; a warning before reports are not heard.

alter table reports
  -- A legal notice may name addresses at which nothing is, or is any more.
  alter column target_id drop not null,
  add constraint reports_of_somebody check (target_id is not null or source = 'legal'),
  -- What the reporter was told last: another outcome is told again, the same is not.
  add column told_outcome text check (told_outcome in ('upheld', 'partly', 'rejected', 'gone'));
create index reports_legal on reports (id desc) where source = 'legal';
create index reports_muted on reports (id desc) where muted;

-- The sender's link, sealed with the server's key, for the letter with the outcome.
alter table legal_notices
  add column token_sealed text not null default '',
  -- The addresses are looked up; until then nothing is known of what they name.
  add column resolved_at timestamptz,
  -- When the sender asked for another look.
  add column appealed_at timestamptz;
create index legal_notices_old on legal_notices (created_at);

-- Regulation (EU) 2022/2065, Article 23: reports are left unheard only after a warning.
alter table reporters add column warned_at timestamptz;
create index reporters_by_number on reporters ((upheld + rejected) desc, account_id desc);
create index reporters_to_mute on reporters ((upheld + rejected) desc, account_id desc)
  where muted_at is null and rejected >= 10 and upheld * 10 < upheld + rejected;
