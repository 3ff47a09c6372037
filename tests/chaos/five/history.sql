-- What people wrote, row by row as it was before and after, in the order of their commits: the test's memory.
create table public.lich_su(
  stt bigint generated always as identity primary key, dong text not null, truoc jsonb, sau jsonb);
create function public.ghi_lich_su() returns trigger language plpgsql as $$
begin
  -- Whoever calls itself otherwise is no person: what a sink writes is not remembered.
  if current_setting('application_name') = 'can_bo' then
    insert into public.lich_su(dong, truoc, sau) values (
      case tg_op when 'DELETE' then old.id else new.id end,
      case when tg_op <> 'INSERT' then to_jsonb(old) end,
      case when tg_op <> 'DELETE' then to_jsonb(new) end);
  end if;
  return null;
end $$;
-- Writers take turns, so that the order of `cap_nhat` is the order of the commits.
create function public.lan_luot() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(1);
  return null;
end $$;
create function public.ghi_luc() returns trigger language plpgsql as $$
begin
  new.cap_nhat = clock_timestamp();
  return new;
end $$;
