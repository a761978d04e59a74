-- Levels of access: what each may do and nothing else, for every object of the extension
SET client_min_messages = warning;

-- every object has its row, and every row its object
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind, c.relname AS object
FROM pg_class c WHERE c.relnamespace = 'triage'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
UNION
SELECT 'function', p.proname FROM pg_proc p
WHERE p.pronamespace = 'triage'::regnamespace AND p.prorettype <> 'trigger'::regtype
EXCEPT
SELECT kind, object FROM triage.access_matrix
ORDER BY 1, 2;
SELECT kind, object FROM triage.access_matrix m
WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'triage'::regnamespace AND c.relname = m.object
                  AND c.relkind = ANY (CASE m.kind WHEN 'view' THEN '{v}' WHEN 'sequence' THEN '{S}' ELSE '{r,p}' END::"char"[]))
  AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'triage'::regnamespace AND p.proname = m.object AND m.kind = 'function')
ORDER BY 1, 2;
SELECT kind, object, count(*) FROM triage.access_matrix GROUP BY 1, 2 HAVING count(*) > 1;
SELECT DISTINCT kind, cell FROM triage.access_matrix m, jsonb_each_text(to_jsonb(m) - '{kind,object}'::text[]) AS c (level, cell)
WHERE cell NOT IN ('r', 'w', 'x', 'u', '-') OR (kind = 'function') <> (cell = 'x') AND cell <> '-';

-- what holds for all objects: views read as who asks, functions with the owner's rights
-- know their search_path, tables with tenants have a policy, and PUBLIC has nothing
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'triage'::regnamespace AND c.relkind = 'v' AND NOT 'security_invoker=true' = ANY (coalesce(c.reloptions, '{}'));
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'triage'::regnamespace AND p.prosecdef
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s = 'search_path=pg_catalog, pg_temp');
SELECT c.relname FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'triage'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid));
SELECT 'schema' FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'triage' AND a.grantee = 0
UNION ALL
SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'triage'::regnamespace AND a.grantee = 0
UNION ALL
SELECT p.proname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace = 'triage'::regnamespace AND a.grantee = 0;

-- each level has what the matrix says, and nothing else
CREATE ROLE regress_st_reader;
CREATE ROLE regress_st_agent;
CREATE ROLE regress_st_lead;
CREATE ROLE regress_st_admin;
CREATE ROLE regress_st_auditor;
CREATE ROLE "Regress ""St"" Role";
SELECT triage.grant_access(('regress_st_' || l)::regrole, l::text) FROM unnest(enum_range(NULL::triage.access_level)) AS l;
SELECT role, level, tenants FROM triage.role_access ORDER BY level;
CREATE TEMP VIEW held AS
SELECT l::text AS level, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, c.relname::text AS object,
       string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type) AS privileges
FROM unnest(enum_range(NULL::triage.access_level)) AS l, pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = 'triage'::regnamespace AND a.grantee = ('regress_st_' || l)::regrole GROUP BY 1, 2, 3
UNION ALL
SELECT l::text, 'function', p.proname, string_agg(DISTINCT a.privilege_type, ' ')
FROM unnest(enum_range(NULL::triage.access_level)) AS l, pg_proc p, aclexplode(p.proacl) a
WHERE p.pronamespace = 'triage'::regnamespace AND a.grantee = ('regress_st_' || l)::regrole GROUP BY 1, 2, 3;
CREATE TEMP VIEW meant AS
SELECT c.level, m.kind, m.object,
       CASE c.cell WHEN 'r' THEN 'SELECT' WHEN 'w' THEN 'DELETE INSERT SELECT UPDATE' WHEN 'u' THEN 'USAGE' ELSE 'EXECUTE' END AS privileges
FROM triage.access_matrix m, jsonb_each_text(to_jsonb(m) - '{kind,object}'::text[]) AS c (level, cell)
WHERE c.cell <> '-';
(TABLE held EXCEPT TABLE meant) UNION ALL (TABLE meant EXCEPT TABLE held);
SELECT level, count(*) > 60 AS many FROM held GROUP BY level ORDER BY level;
-- overloaded functions are given all or none
SELECT p.oid::regprocedure, l FROM unnest(enum_range(NULL::triage.access_level)) AS l, pg_proc p
WHERE p.pronamespace = 'triage'::regnamespace
  AND has_function_privilege(('regress_st_' || l)::regrole, p.oid, 'EXECUTE')
      <> EXISTS (SELECT FROM meant m WHERE m.level = l::text AND m.kind = 'function' AND m.object = p.proname);
-- levels that change nothing may write no table; tickets' tables are written by functions, but for
-- the queue of escalations, whose functions run as the caller
SELECT level, object FROM held WHERE kind <> 'function' AND privileges <> 'SELECT' AND level IN ('reader', 'auditor');
SELECT object FROM held WHERE kind <> 'function' AND privileges <> 'SELECT' AND level = 'agent' ORDER BY 1;
SELECT DISTINCT h.object FROM held h JOIN pg_attribute a ON a.attrelid = ('triage.' || quote_ident(h.object))::regclass AND a.attname = 'tenant_id'
WHERE h.kind = 'table' AND h.privileges <> 'SELECT';

-- another level takes the place of the one before; nothing is left after a revoke
SELECT triage.grant_access('"Regress ""St"" Role"', 'admin');
SELECT triage.grant_access('"Regress ""St"" Role"', 'reader', '{a,b}');
SELECT has_table_privilege('"Regress ""St"" Role"'::regrole, 'triage.queue', 'UPDATE') AS writes,
       has_function_privilege('"Regress ""St"" Role"'::regrole, 'triage.train(text,text,jsonb)', 'EXECUTE') AS trains,
       has_table_privilege('"Regress ""St"" Role"'::regrole, 'triage.queue', 'SELECT') AS reads;
SELECT level, tenants FROM triage.role_access WHERE role = '"Regress ""St"" Role"'::regrole;
SELECT triage.revoke_access('"Regress ""St"" Role"');
SELECT count(*) FROM triage.role_access WHERE role = '"Regress ""St"" Role"'::regrole;
DROP ROLE "Regress ""St"" Role";

-- what cannot be
\set SHOW_CONTEXT never
SELECT triage.grant_access('regress_st_reader', 'boss');
SELECT triage.grant_access('regress_st_reader', NULL);
SELECT triage.grant_access(NULL, 'reader');
SELECT triage.grant_access('regress_st_reader', 'reader', '{a,NULL}');
SELECT triage.grant_access(0::oid::regrole, 'reader');
SELECT triage.revoke_access(4294967295::regrole);
-- nobody but the owner gives access, not to themselves either
SET ROLE regress_st_admin;
SELECT triage.grant_access('regress_st_agent', 'admin');
SELECT triage.revoke_access('regress_st_agent');
SELECT triage.refresh_access();
INSERT INTO triage.role_access SELECT 'regress_st_admin', 'admin', NULL, now(), 'me';
UPDATE triage.role_access SET tenants = NULL;
ALTER TABLE triage.decision DISABLE ROW LEVEL SECURITY;
RESET ROLE;

-- new objects come with a refresh
REVOKE SELECT ON triage.queue FROM regress_st_reader;
SELECT triage.refresh_access();
SELECT has_table_privilege('regress_st_reader', 'triage.queue', 'SELECT');

-- leave nothing behind
SELECT triage.revoke_access(role) FROM triage.role_access;
SELECT count(*) FROM triage.role_access;
DROP ROLE regress_st_reader, regress_st_agent, regress_st_lead, regress_st_admin, regress_st_auditor;
