-- The pages of the administration about people, and the log of what was changed.

-- Of one person or thing; the actor's; those of one kind.
create index audit_events_by_subject on audit_events (subject, id desc);
create index audit_events_by_actor on audit_events (actor_id, id desc);
create index audit_events_by_action on audit_events (action, id desc);

create index accounts_frozen on accounts (id) where frozen_at is not null;
create index sessions_by_ip on sessions (ip) where ip is not null;
