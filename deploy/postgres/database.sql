-- What the roles of one service may do in its database, run as a superuser in that database; may be repeated.
-- Variables as in roles.sql, and `database`, its name.

revoke all on database :"database" from public;
grant connect on database :"database" to :"service";

alter schema public owner to :"owner";
revoke all on schema public from public;
grant usage on schema public to :"service", :"background";

-- Whatever a migration creates later is usable by the service without a grant of its own.
alter default privileges for role :"owner" in schema public grant select, insert, update, delete on tables to :"service";
alter default privileges for role :"owner" in schema public grant usage, select on sequences to :"service";
alter default privileges for role :"owner" revoke execute on functions from public;
alter default privileges for role :"owner" in schema public grant execute on functions to :"service";
