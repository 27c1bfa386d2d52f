# SPDX-License-Identifier: Apache-2.0
"""The tables of the supervisor's memory on disk."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS sequence (id INTEGER PRIMARY KEY CHECK (id = 0), used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    asker TEXT NOT NULL, request_id TEXT NOT NULL, reply BLOB NOT NULL,
    PRIMARY KEY (asker, request_id));
CREATE TABLE IF NOT EXISTS missions (
    number INTEGER PRIMARY KEY, mission_id TEXT UNIQUE NOT NULL, text TEXT NOT NULL,
    operator TEXT NOT NULL, created_ns INTEGER NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, closed_ns INTEGER NOT NULL, cause TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY, order_id TEXT UNIQUE NOT NULL, mission_id TEXT NOT NULL,
    agent_id TEXT NOT NULL, payload BLOB NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL,
    stamp_ns INTEGER NOT NULL, progress REAL NOT NULL, sent INTEGER NOT NULL,
    recall TEXT NOT NULL, replaced INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS orders_by_mission ON orders (mission_id);
CREATE TABLE IF NOT EXISTS members (
    agent_id TEXT PRIMARY KEY, standing TEXT NOT NULL, last_heard_ns INTEGER NOT NULL,
    reason TEXT NOT NULL, stop TEXT NOT NULL, stopped INTEGER NOT NULL,
    telemetry BLOB NOT NULL, x REAL NOT NULL, y REAL NOT NULL, yaw REAL NOT NULL);
CREATE TABLE IF NOT EXISTS world (id INTEGER PRIMARY KEY CHECK (id = 0), seen BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS escalations (
    escalation_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, text TEXT NOT NULL,
    stamp_ns INTEGER NOT NULL, order_id TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS laws (id INTEGER PRIMARY KEY CHECK (id = 0), memory BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS pending (
    pending_id TEXT PRIMARY KEY, mission_id TEXT NOT NULL, asked BLOB NOT NULL, plan BLOB NOT NULL,
    request BLOB NOT NULL, caller TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS backing (
    mission_id TEXT PRIMARY KEY, planned_by TEXT NOT NULL, judged_by TEXT NOT NULL,
    approved_by TEXT NOT NULL, approval_id TEXT NOT NULL, grants_tier INTEGER NOT NULL,
    barred TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (agent_id TEXT PRIMARY KEY, issued_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS crew (order_id TEXT PRIMARY KEY, word BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS reported (agent_id TEXT PRIMARY KEY, seen BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counted (
    agent_id TEXT NOT NULL, writer TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (agent_id, writer));
"""
"""The tables; what a later version needs besides stands in tables of its own."""
