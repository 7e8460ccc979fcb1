//! What sources disagree about, or an administrator may change. The default is what is documented. Must never hold state.

use std::time::Duration;

/// Behaviours that sources disagree about, or that an administrator may change. The default is what is documented.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// A version of an issue is found by search only this long after it was written: on Cloud it is shown so, too (v3); on Data Center an index
    /// lies on each node and follows the others (memory), and what it finds is shown as it is.
    pub index_lag: Duration,
    /// Cloud: unknown names in JQL give no issues instead of 400, for those who are logged in too.
    pub unknown_names_are_empty: bool,
    /// Adding or editing a comment moves the issue's `updated` (memory).
    pub comment_moves_updated: bool,
    /// Whether time tracking is switched on.
    pub time_tracking: bool,
    /// Working hours of a day, as the site's time tracking is set: what `1d` means there, above 0.
    pub hours_per_day: u64,
    /// The reporter and a user picker of one take nobody whose account is inactive. Nothing documented says which; the assignee never does, since
    /// it must hold Assignable User.
    pub inactive_users_refused: bool,
    /// Whether issues can be watched: `Allow users to watch issues` of the general configuration (v3).
    pub watching: bool,
    /// With watching off an issue is said to have no watchers, instead of the list not being found. No document says which.
    pub unwatched_is_empty: bool,
    /// Whether files may be attached at all.
    pub attachments: bool,
    /// The largest file, in bytes.
    pub upload_limit: u64,
    /// Deleting a comment moves the issue's `updated` (not known).
    pub comment_delete_moves_updated: bool,
    /// `historyMetadata` is kept and given back in changelog entries.
    pub keeps_history_metadata: bool,
    /// Lists of comments carry their properties only when asked by `expand=properties`.
    pub comment_lists_carry_properties: bool,
    /// Comment POST accepts `properties` (documented on both kinds).
    pub comment_properties_on_create: bool,
    /// Cloud: `notifyUsers=false` without administration rights drops the whole edit, instead of only the flag.
    pub notify_without_right_drops_edit: bool,
    /// Data Center: the window of `startAt + maxResults` in search.
    pub search_window: u64,
    /// Rows of a search's page at most, whatever was asked: Data Center's `jira.search.views.default.max`, and what Cloud trims a
    /// page with fields to.
    pub search_page_cap: u64,
    /// Elements of any other list's page at most, whatever was asked: Cloud's document says that each list has a limit, "and
    /// these limits may change without notice".
    pub list_page_cap: u64,
    /// Unquoted epoch milliseconds are a date in JQL (measured on Cloud, believed of Data Center).
    pub epoch_in_jql: bool,
    /// Times in JQL are read in this zone, whatever the profile says (nothing documented; a client must notice).
    pub jql_time_zone: Option<String>,
    /// A local time that comes twice, when summer time ends, is the later one. Java's old and new calendars differ in it.
    pub repeated_hour_is_later: bool,
    /// Cloud: a page's token holds only how many rows were given, and the search is run anew: a row that leaves what is
    /// searched moves the others up. Not known of the real one, whose token is opaque.
    pub pages_shift: bool,
    /// Data Center: the list of watchers is refused (401) without the right to see it, instead of left empty (memory; its document
    /// names neither).
    pub hidden_watchers_refused: bool,
    /// Data Center: the field Sprint shows objects, as Cloud does, instead of what Java prints of them (memory: both are in use).
    pub sprints_are_objects: bool,
    /// An issue's `updated` is cut to its day in UTC, so that it stands still within one. No Jira does so; what others made to look like one
    /// does (PyPI's `jira820`), and so may what stands between us and a Jira.
    pub updated_by_day: bool,
    /// The changelog shows changes of the status alone, as of PyPI's `jira820`.
    pub logs_status_alone: bool,
    /// The version that it says it is of, where that is another than the usual one.
    pub version: Option<String>,
    /// Limit of rich text and comments, in characters.
    pub text_limit: usize,
    /// Cloud: which API version `/rest/api/latest` means is 2 on both kinds (memory).
    pub site_time_zone: String,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            index_lag: Duration::ZERO,
            unknown_names_are_empty: false,
            comment_moves_updated: true,
            time_tracking: true,
            hours_per_day: 8,
            inactive_users_refused: false,
            watching: true,
            unwatched_is_empty: false,
            attachments: true,
            upload_limit: 10 << 20,
            comment_delete_moves_updated: false,
            keeps_history_metadata: true,
            comment_lists_carry_properties: false,
            comment_properties_on_create: true,
            notify_without_right_drops_edit: false,
            search_window: 10_000,
            search_page_cap: 1_000,
            list_page_cap: u64::MAX,
            epoch_in_jql: true,
            jql_time_zone: None,
            repeated_hour_is_later: false,
            pages_shift: false,
            hidden_watchers_refused: false,
            sprints_are_objects: false,
            updated_by_day: false,
            logs_status_alone: false,
            version: None,
            text_limit: 32_767,
            site_time_zone: "Etc/UTC".into(),
        }
    }
}
