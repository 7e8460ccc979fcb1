//! The integration tests, in one binary so that they link once.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod bent;
#[cfg(test)]
#[path = "../../benches/bulk/mod.rs"]
mod bulk;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod cli_audit;
#[cfg(test)]
mod cli_first_run;
#[cfg(test)]
mod cli_hostile;
#[cfg(test)]
mod cli_init;
#[cfg(test)]
mod cli_init_logins;
#[cfg(test)]
mod cli_init_terminal;
#[cfg(test)]
mod cli_login;
#[cfg(test)]
mod cli_notices;
#[cfg(test)]
mod cli_operate;
#[cfg(test)]
mod cli_pairs;
#[cfg(test)]
mod cli_plan;
#[cfg(test)]
mod cli_plan_saved;
#[cfg(test)]
mod cli_probe;
#[cfg(test)]
mod cli_problems;
#[cfg(test)]
mod cli_problems_acts;
#[cfg(test)]
mod cli_reload;
#[cfg(test)]
mod cli_rights;
#[cfg(test)]
mod cli_screens;
#[cfg(test)]
mod cli_state;
#[cfg(test)]
mod cli_ways;
#[cfg(test)]
mod cli_webhooks;
#[cfg(test)]
mod cli_world;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod config;
#[cfg(test)]
mod config_cases;
#[cfg(test)]
mod config_logins;
#[cfg(test)]
mod config_notices;
#[cfg(test)]
mod config_otlp;
#[cfg(test)]
mod config_secrets;
#[cfg(test)]
mod configuration_page;
#[cfg(test)]
mod console;
#[cfg(test)]
mod container;
#[cfg(test)]
mod contract;
#[cfg(test)]
#[path = "../../benches/counted/mod.rs"]
mod counted;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod crash_picture;
#[cfg(test)]
mod crash_ring;
#[cfg(test)]
mod crash_scenarios_lives;
#[cfg(test)]
mod crash_scenarios_pairs;
#[cfg(test)]
mod crash_scenarios_relations;
#[cfg(test)]
mod crash_scenarios_starts;
#[cfg(test)]
mod crash_scenarios_talk;
#[cfg(test)]
mod crash_scenarios_values;
#[cfg(test)]
mod crash_scenarios_whole;
#[cfg(test)]
mod crash_scenarios_words;
#[cfg(test)]
mod crash_table;
#[cfg(test)]
mod crash_turns;
#[cfg(test)]
mod daemon_account;
#[cfg(test)]
mod daemon_attachments;
#[cfg(test)]
mod daemon_attachments_both;
#[cfg(test)]
mod daemon_audit;
#[cfg(test)]
mod daemon_backfill;
#[cfg(test)]
mod daemon_bulk;
#[cfg(test)]
mod daemon_carries;
#[cfg(test)]
mod daemon_clones;
#[cfg(test)]
mod daemon_comments;
#[cfg(test)]
mod daemon_composed;
#[cfg(test)]
mod daemon_costs;
#[cfg(test)]
mod daemon_crowds;
#[cfg(test)]
mod daemon_desks;
#[cfg(test)]
mod daemon_detach;
#[cfg(test)]
mod daemon_everything;
#[cfg(test)]
mod daemon_fairness;
#[cfg(test)]
mod daemon_far_ends;
#[cfg(test)]
mod daemon_faults;
#[cfg(test)]
mod daemon_fields;
#[cfg(test)]
mod daemon_file_leaks;
#[cfg(test)]
mod daemon_first_run;
#[cfg(test)]
mod daemon_flow_back;
mod daemon_found;
#[cfg(test)]
mod daemon_initial;
#[cfg(test)]
mod daemon_input;
#[cfg(test)]
mod daemon_isolation;
#[cfg(test)]
mod daemon_kinds;
#[cfg(test)]
mod daemon_latency;
#[cfg(test)]
mod daemon_left;
#[cfg(test)]
mod daemon_levels;
#[cfg(test)]
mod daemon_levels_reads;
#[cfg(test)]
mod daemon_life;
#[cfg(test)]
mod daemon_links;
#[cfg(test)]
mod daemon_lives;
#[cfg(test)]
mod daemon_log;
#[cfg(test)]
mod daemon_logins;
#[cfg(test)]
mod daemon_mails;
#[cfg(test)]
mod daemon_matching;
#[cfg(test)]
mod daemon_merge;
#[cfg(test)]
mod daemon_metrics;
#[cfg(test)]
mod daemon_moved;
#[cfg(test)]
mod daemon_named_files;
#[cfg(test)]
mod daemon_names;
#[cfg(test)]
mod daemon_newcomers;
#[cfg(test)]
mod daemon_notices;
#[cfg(test)]
mod daemon_occasions;
#[cfg(test)]
mod daemon_otlp;
#[cfg(test)]
mod daemon_pairs;
#[cfg(test)]
mod daemon_pairs_apart;
#[cfg(test)]
mod daemon_pairs_found;
#[cfg(test)]
mod daemon_parents;
#[cfg(test)]
mod daemon_pause;
#[cfg(test)]
mod daemon_people;
#[cfg(test)]
mod daemon_planted;
#[cfg(test)]
mod daemon_polls;
#[cfg(test)]
mod daemon_private_acts;
#[cfg(test)]
mod daemon_problems;
#[cfg(test)]
mod daemon_projects;
#[cfg(test)]
mod daemon_random;
#[cfg(test)]
mod daemon_read_only;
#[cfg(test)]
mod daemon_readers;
#[cfg(test)]
mod daemon_rebuild;
#[cfg(test)]
mod daemon_references;
#[cfg(test)]
mod daemon_relations;
#[cfg(test)]
mod daemon_reload;
#[cfg(test)]
mod daemon_remap;
#[cfg(test)]
mod daemon_renamed;
#[cfg(test)]
mod daemon_requests;
#[cfg(test)]
mod daemon_restored;
#[cfg(test)]
mod daemon_restored_deletes;
#[cfg(test)]
mod daemon_retry;
#[cfg(test)]
mod daemon_returns;
#[cfg(test)]
mod daemon_rights;
#[cfg(test)]
mod daemon_rings;
#[cfg(test)]
mod daemon_scale;
#[cfg(test)]
mod daemon_silence;
#[cfg(test)]
mod daemon_sprints;
#[cfg(test)]
mod daemon_status;
#[cfg(test)]
mod daemon_strangers;
#[cfg(test)]
mod daemon_support;
#[cfg(test)]
mod daemon_sweeps;
#[cfg(test)]
mod daemon_take_back;
#[cfg(test)]
mod daemon_text;
#[cfg(test)]
mod daemon_things;
#[cfg(test)]
mod daemon_types;
#[cfg(test)]
mod daemon_unshown;
#[cfg(test)]
mod daemon_uploads;
#[cfg(test)]
mod daemon_versions;
#[cfg(test)]
mod daemon_versions_held;
#[cfg(test)]
mod daemon_versions_safe;
#[cfg(test)]
mod daemon_versions_told_apart;
#[cfg(test)]
mod daemon_votes;
#[cfg(test)]
mod daemon_watchers;
#[cfg(test)]
mod daemon_way_back;
#[cfg(test)]
mod daemon_webhooks;
#[cfg(test)]
mod daemon_weekend;
#[cfg(test)]
mod daemon_went_back;
#[cfg(test)]
mod daemon_whose;
#[cfg(test)]
mod daemon_worklogs;
#[cfg(test)]
mod doors_fuzz;
#[cfg(test)]
mod entities;
#[cfg(test)]
mod entities_beside;
#[cfg(test)]
mod entities_costs;
#[cfg(test)]
mod entities_rows;
#[cfg(test)]
mod entities_told;
#[cfg(test)]
mod everything_acts;
#[cfg(test)]
mod everything_apart;
#[cfg(test)]
mod everything_audit;
#[cfg(test)]
mod everything_carried;
#[cfg(test)]
mod everything_derived;
#[cfg(test)]
mod everything_fields;
#[cfg(test)]
mod everything_lives;
#[cfg(test)]
mod everything_losses;
#[cfg(test)]
mod everything_people;
#[cfg(test)]
mod everything_seen;
#[cfg(test)]
mod everything_stock;
#[cfg(test)]
mod everything_values;
#[cfg(test)]
mod everything_world;
#[cfg(test)]
mod fault_counts;
#[cfg(test)]
mod footprint;
#[cfg(test)]
mod foreign_clients;
#[cfg(test)]
mod foreign_jira;
#[cfg(test)]
mod jira_client;
#[cfg(test)]
mod jira_faults;
#[cfg(test)]
mod jira_grants;
#[cfg(test)]
mod jira_logins;
#[cfg(test)]
mod jira_network;
#[cfg(test)]
mod jira_pages;
#[cfg(test)]
mod jira_support;
#[cfg(test)]
mod jira_ways;
#[cfg(test)]
mod jira_write_fates;
#[cfg(test)]
mod many_sides;
#[cfg(test)]
mod many_sides_audit;
#[cfg(test)]
mod many_sides_people;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod outside_fuzz;
#[cfg(test)]
mod plan_scale;
#[cfg(test)]
mod planted_proof;
#[cfg(test)]
#[cfg(feature = "planted-bugs")]
mod planted_ring;
#[cfg(test)]
#[cfg(test)]
mod planted_worlds;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod probe_facts;
#[cfg(test)]
mod process_files;
#[cfg(test)]
mod process_kills;
#[cfg(test)]
mod process_people;
#[cfg(test)]
mod process_support;
#[cfg(test)]
mod random_life;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod rights_matrix;
#[cfg(test)]
#[path = "../../benches/scale/mod.rs"]
mod scale;
#[cfg(test)]
mod simulator_cloud;
#[cfg(test)]
mod simulator_comments;
#[cfg(test)]
mod simulator_data_center;
#[cfg(test)]
mod simulator_faults;
#[cfg(test)]
mod simulator_fields;
#[cfg(test)]
mod simulator_levels;
#[cfg(test)]
mod simulator_links;
#[cfg(test)]
mod simulator_parents;
#[cfg(test)]
mod simulator_seed;
#[cfg(test)]
mod simulator_support;
#[cfg(test)]
mod simulator_webhooks;
#[cfg(test)]
mod small_worlds;
#[cfg(test)]
mod store;
#[cfg(test)]
mod systemd;
#[cfg(test)]
mod text_fuzz;
#[cfg(test)]
mod text_opinion;
#[cfg(test)]
mod text_opinion_reasons;
#[cfg(test)]
mod text_properties;
#[cfg(test)]
mod text_table;
#[cfg(test)]
mod text_trees;
#[cfg(test)]
mod untagged_world;
#[cfg(test)]
mod version;
#[cfg(test)]
mod webhook_events;
#[cfg(test)]
mod webhook_receiver;
#[cfg(test)]
mod written_texts;
