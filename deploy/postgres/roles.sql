-- The three roles of one service, run as a superuser in any database; may be repeated, also to change passwords.
--
-- Variables, in psql's notation (deploy/local/databases.py fills in the same ones):
--   owner           owns the database and its objects and runs migrations; nothing else logs in as it
--   owner_password
--   service         what the service logs in as; owns nothing, so that row level security holds for it
--   service_password
--   background      no login; the service switches to it with SET ROLE for work over all tenants (relay, token look-up)

select set_config('tandem.owner', :'owner', false),
       set_config('tandem.service', :'service', false),
       set_config('tandem.background', :'background', false);

do $$
declare
    role_name text;
begin
    foreach role_name in array array[
        current_setting('tandem.owner'), current_setting('tandem.service'), current_setting('tandem.background')
    ] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I', role_name);
        end if;
    end loop;
end
$$;

alter role :"owner" with login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'owner_password';
alter role :"service" with login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password :'service_password';
alter role :"background" with nologin noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls;

-- Because the service does not inherit, it has the background role's rights only after SET ROLE.
grant :"background" to :"service";

-- A hole in the network must not hold row locks, and no request is worth more than five seconds of the database.
alter role :"service" set idle_in_transaction_session_timeout = '10s';
alter role :"service" set statement_timeout = '5s';
alter role :"service" set lock_timeout = '2s';
alter role :"owner" set idle_in_transaction_session_timeout = '60s';
alter role :"owner" set lock_timeout = '2s';

-- Each role enters its own database only; PostgreSQL would let everybody into these two.
revoke all on database postgres, template1 from public;
