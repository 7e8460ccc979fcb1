//! Who gives a command: a user of the operating system. Must never take anybody's word for who they are: the number comes from the
//! kernel, and the name is only what that number is called here.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::model::command::Operator;

/// Where names of users stand. Those of a directory service are not in it; then the number says who it was.
const USERS: &str = "/etc/passwd";

/// The user with this number.
#[must_use]
pub fn operator(uid: u32) -> Operator {
    let users = fs::read(USERS).unwrap_or_default();
    Operator { uid, name: name_in(&String::from_utf8_lossy(&users), uid) }
}

/// The user of this process.
///
/// # Errors
/// The system does not say.
pub fn this_operator() -> io::Result<Operator> {
    Ok(operator(fs::metadata("/proc/self")?.uid()))
}

fn name_in(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_called_by_its_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\nalice:x:1000:1000::/home/alice:/bin/sh\n";
        assert_eq!(name_in(users, 1000), Some("alice".to_owned()));
        assert_eq!(name_in(users, 0), Some("root".to_owned()));
        assert_eq!(name_in(users, 7), None);
    }
}
