-- What is in the store of files, so that copies of it can follow what came and went without listing the store.

create table stored_objects (
    -- Given anew by every change, so that what changed after a certain number is found by it.
    id       bigint generated always as identity primary key,
    key      text not null unique,
    size     bigint not null,
    sha256   bytea not null check (length(sha256) = 32),
    put_at   timestamptz not null,
    gone_at  timestamptz
);

-- What has gone after a certain number: few among many.
create index stored_objects_gone on stored_objects (id) where gone_at is not null;
