-- Posts that a clock has published because nobody looked in time are put before somebody afterwards.

alter table cases drop constraint cases_source_check;
alter table cases add constraint cases_source_check check (source in
  ('rule', 'hold', 'report', 'legal', 'notice', 'sample', 'person', 'expiry', 'appeal', 'unseen'));
