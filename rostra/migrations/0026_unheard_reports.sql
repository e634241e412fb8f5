-- Reports that were made before there was a desk become cases, like those that are made now: each of the posts that are
-- still there, or else of the account. What nobody knew of the reporters then is taken to be what newcomers' words weigh.

with unheard as (
  select r.id as report_id, r.target_id, r.created_at, case when s.id is null then 'account' else 'status' end as kind,
    coalesce(s.id, r.target_id) as subject_id, s.language,
    2 * (exists (select from media_attachments m where m.status_id = s.id))::integer as exposure
  from reports r left join statuses s on s.id = any(r.status_ids)
  where r.source = 'user' and not r.muted and r.action_taken_at is null
    and not exists (select from report_cases c where c.report_id = r.id)),
wanted as (
  select u.kind, u.subject_id, u.target_id, u.language, u.exposure, min(u.created_at) as since, count(*) as reports,
    (5 + 0.3 * coalesce(st.followers_count, 0))::real as views, 0.41::real as p
  from unheard u left join account_stats st on st.account_id = u.target_id
  group by u.kind, u.subject_id, u.target_id, u.language, u.exposure, st.followers_count),
opened as (
  insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity, opened_at, source, p, views,
    language, exposure, reports_count, rank)
  select make_id(since), kind, subject_id, target_id, '', '', '', 2, since, 'report', p, views, language, exposure, reports,
    case_rank(p, 2, views, since, null, since)
  from wanted
  on conflict (subject_kind, subject_id) where closed_at is null do update
    set reports_count = cases.reports_count + excluded.reports_count
  returning id, subject_kind, subject_id)
insert into report_cases (case_id, report_id)
select o.id, u.report_id from unheard u join opened o on o.subject_kind = u.kind and o.subject_id = u.subject_id;
