-- Why a scheduled status was not published when its time came, for its author; null until then.

alter table scheduled_statuses
  add column problem text check (problem in ('parent', 'closed', 'media', 'text', 'moved', 'barred', 'lever'));
