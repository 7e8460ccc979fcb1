//! How Jira shows users and groups. Must never show an e-mail address that its owner hides.

use serde_json::{Value, json};

use super::render::{View, encode};

impl View<'_> {
    /// A user as fields, comments and changelog entries show it.
    pub(crate) fn user(&self, id: &str) -> Value {
        let Some(user) = self.state.users.get(id) else {
            return Value::Null;
        };
        let avatar = |size: u8| format!("{}/secure/useravatar?size={size}&ownerId={}", self.state.base, encode(id));
        let avatars = json!({ "16x16": avatar(16), "24x24": avatar(24), "32x32": avatar(32), "48x48": avatar(48) });
        if !self.state.is_cloud() {
            return json!({
                "self": self.link(&format!("user?username={}", encode(&user.name))),
                "name": user.name, "key": user.id, "emailAddress": user.email, "avatarUrls": avatars,
                "displayName": user.display_name, "active": user.active, "timeZone": user.zone_name,
            });
        }
        let mut body = json!({
            "self": self.link(&format!("user?accountId={}", encode(&user.id))),
            "accountId": user.id, "avatarUrls": avatars, "displayName": user.display_name, "active": user.active,
            "timeZone": user.zone_name, "accountType": user.account_type,
        });
        if !user.hide_email || self.user == Some(id) {
            body["emailAddress"] = json!(user.email);
        }
        body
    }

    pub(super) fn person(&self, id: Option<&str>) -> Value {
        id.map_or(Value::Null, |id| self.user(id))
    }

    /// A group, as fields and users show it.
    pub(crate) fn group(&self, name: &str) -> Value {
        let mut body = json!({ "self": self.link(&format!("group?groupname={}", encode(name))), "name": name });
        if self.state.is_cloud() {
            body["groupId"] = json!(format!("g-{}", name.to_lowercase().replace(' ', "-")));
        }
        body
    }
}
