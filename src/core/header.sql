-- src/core/header.sql: the head of the generated install script
\echo Use "CREATE EXTENSION support_triage" to load this file. \quit

