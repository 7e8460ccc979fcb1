//! The integration tests, in one binary so that they link once.

#[cfg(test)]
mod architecture;
mod clock;
#[cfg(test)]
mod container;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod foreign_clients;
#[cfg(test)]
mod jira_client;
#[cfg(test)]
mod jira_faults;
#[cfg(test)]
mod jira_network;
#[cfg(test)]
mod jira_support;
#[cfg(test)]
mod plan_properties;
#[cfg(test)]
mod plan_world;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod readme;
mod simulator_cloud;
mod simulator_data_center;
mod simulator_faults;
#[cfg(test)]
mod simulator_seed;
mod simulator_support;
#[cfg(test)]
mod systemd;
