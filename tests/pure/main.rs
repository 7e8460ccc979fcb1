//! The tests of the pure folders that need nothing but the library: no simulator, no state, no clock. They link and run in a few
//! seconds, so that `scripts/test mutants` can run them hundreds of times. Must never take in a test that waits for something.

#[cfg(test)]
mod mapping_values;
#[cfg(test)]
mod plan_check_files;
#[cfg(test)]
mod plan_check_left;
#[cfg(test)]
mod plan_check_levels;
#[cfg(test)]
mod plan_check_rules;
#[cfg(test)]
mod plan_comments;
#[cfg(test)]
mod plan_far_ends;
#[cfg(test)]
mod plan_files;
#[cfg(test)]
mod plan_first;
#[cfg(test)]
mod plan_levels;
#[cfg(test)]
mod plan_matching;
#[cfg(test)]
mod plan_mutants_acts;
#[cfg(test)]
mod plan_pairs;
#[cfg(test)]
mod plan_parents;
#[cfg(test)]
mod plan_partings;
#[cfg(test)]
mod plan_properties;
#[cfg(test)]
mod plan_reads;
#[cfg(test)]
mod plan_restored;
#[cfg(test)]
mod plan_saved;
#[cfg(test)]
mod plan_screens;
#[cfg(test)]
mod plan_status;
#[cfg(test)]
mod plan_take_back;
#[cfg(test)]
mod plan_things;
#[cfg(test)]
mod plan_watchers;
#[cfg(test)]
mod plan_world;
#[cfg(test)]
mod planted;
