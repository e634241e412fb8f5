-- Labels of accounts say now whether they cover what the account posts.

update accounts a set rendered_for = 0, labels = (
  select jsonb_agg(jsonb_build_object('id', l.label, 'title', l.title, 'covers', l.covers) order by l.id)
  from labels l where l.subject_kind = 'account' and l.subject_id = a.id)
where a.labels is not null;

update statuses s set rendered_for = 0, covered = true
from accounts a
where a.id = s.account_id and not s.covered and a.labels @? '$[*] ? (@.covers == true)'
  and exists (select from media_attachments m where m.status_id = s.id);
