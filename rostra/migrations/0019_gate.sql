-- For whom a stored file is follows from its post, its upload and its account; there is no list of hidden files beside
-- them that could say otherwise.

drop table hidden_files;

-- A file that was let go from a post that waited for review: its author's alone until a post shows it.
alter table media_attachments add column own_only boolean not null default false;

create index media_by_original on media_attachments using hash (original_key);
create index media_by_preview on media_attachments using hash (preview_key);
create index accounts_by_avatar on accounts using hash (avatar_key);
create index accounts_by_avatar_static on accounts using hash (avatar_static_key);
create index accounts_by_header on accounts using hash (header_key);
create index accounts_by_header_static on accounts using hash (header_static_key);
