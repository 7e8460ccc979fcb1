//! What some of the lives carry besides that are lived with and without a partner: links to counterparts, who watches, and the notes of service
//! desks. Must never draw by dice what a life carries: its seed says so, and the other lives stay as they were.

use jirasyncd::simulator::Setup;
use serde_json::json;

use super::daemon_audit::token;
use super::daemon_support::{THREE, World};
use super::everything_acts::{Act, Field, Talk, Tie, What};
use super::everything_audit::{far_leaks, far_leaks_at, sorted, taken_by};
use super::everything_world::{LEVELED, OUTSIDER, SIDES, Sight, TEAM, WATCHED, world_apart};

/// The partners with whom home shares the notes of its service desk: one, the other, both.
const NOTES: [[bool; 3]; 3] = [[false, true, false], [false, false, true], [false, true, true]];

/// What a life carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried {
    /// Links to the counterparts that a side sees.
    pub(crate) links: bool,
    /// Who watches.
    pub(crate) watchers: bool,
    /// Whether some people's acts stay on their side: nobody signs for who watches, so none of its people's would cross.
    told_apart: bool,
    /// Which partners share the notes of home's service desk.
    pub(crate) notes: [bool; 3],
    /// One of home's security levels.
    pub(crate) levels: bool,
}

impl Carried {
    /// What the life of a seed carries in which that partner acts for itself. Watching is left out where issues have a life: what Jira refuses
    /// of it there (an account that is inactive, an archived issue) is tried again at a time that is drawn by lot. Where it is carried
    /// each step has a full check, which finds it: it moves no time of change.
    pub(crate) fn of(seed: u64, lives: bool, apart: usize) -> Self {
        let none = Self { links: false, watchers: false, told_apart: true, notes: [false; 3], levels: false };
        // All at once in half of those that would carry nothing.
        if seed.is_multiple_of(10) {
            return Self {
                links: true,
                notes: NOTES[(seed / 10 % 3) as usize],
                levels: true,
                watchers: !lives,
                ..none
            };
        }
        match seed % 5 {
            1 => Self { links: true, watchers: !lives, told_apart: lives || apart != OUTSIDER.0, ..none },
            2 => Self { links: true, notes: NOTES[(seed / 5 % 3) as usize], ..none },
            3 => Self { links: true, levels: true, ..none },
            _ => none,
        }
    }

    /// Whether it carries more than all lives do.
    pub(crate) fn is_more(self) -> bool {
        self.links || self.watchers || self.has_notes() || self.levels
    }

    pub(crate) fn has_notes(self) -> bool {
        self.notes.contains(&true)
    }

    /// The configuration that carries it.
    pub(crate) fn config(self, config: &str) -> String {
        let mut text = config.to_owned();
        let mut replace = |old: &str, new: &str| {
            assert!(text.contains(old), "`{old}` is not in {text}");
            text = text.replacen(old, new, 1);
        };
        if self.links {
            replace("home = \"acme\"\n", "home = \"acme\"\ncounterparts = \"link\"\n");
        }
        if self.watchers {
            let row = if self.told_apart { WATCHED } else { "watchers = { on-unmapped = \"skip\" }\n" };
            replace("summary = \"both\"\n", &format!("summary = \"both\"\n{row}"));
        }
        if self.levels {
            replace("summary = \"both\"\n", &format!("summary = \"both\"\n{LEVELED}"));
        }
        if !self.told_apart {
            replace(&format!(", from = [\"group:{TEAM}\"]"), "");
        }
        for (side, _) in SIDES.iter().zip(self.notes).filter(|(_, shares)| *shares) {
            let partner = side.jira;
            let row = format!("{{ acme = \"internal\", {partner} = \"internal\", with = \"{partner}\" }}");
            replace("\nrestricted = [ ", &format!("\nrestricted = [ {row}, "));
        }
        text
    }

    /// Where watching is carried nobody comes to watch by what they write, but for the one of a side whom its people make watch
    /// (`People::each_watches_alone`).
    pub(crate) fn enrich(self, setup: &mut Setup, column: usize) {
        let people = &SIDES[column].people;
        for user in setup.users.iter_mut().filter(|user| self.watchers && people.contains(&user.name.as_str())) {
            user.autowatch = user.name == people[column];
        }
    }

    /// What somebody does instead, so that there is more of it. It is drawn as ever.
    pub(crate) fn instead(self, act: Act) -> Act {
        let (is_custom, number) = (act.what == What::Field(Field::Custom), act.pick % 8);
        let says = act.what == What::Talk(Talk::Comment) && number > 2;
        let what = if self.watchers && is_custom && matches!(number, 0 | 1) {
            What::Tie(Tie::Watch)
        } else if self.watchers && is_custom && number == 2 {
            What::Tie(Tie::Unwatch)
        } else if self.has_notes() && (says || is_custom && number == 3) {
            What::Talk(Talk::InternalComment)
        } else if self.levels && is_custom && matches!(number, 0 | 1) {
            What::Field(Field::Level)
        } else {
            act.what
        };
        Act { what, ..act }
    }
}

/// What people of a side see of links and of who watches, issue by issue. That the sync user watches is left out: when it stops rests on when
/// the issue is looked at (`taken_by`). Of a key of home's its project is told: how many issues home had before rests on everybody's.
pub(crate) fn seen(world: &World, column: usize) -> Vec<String> {
    let (side, jira) = (&SIDES[column], world.jira(SIDES[column].jira));
    let (home, begins) = (SIDES[0].project, format!("{}-", SIDES[0].project));
    sorted(jira.issues().iter().map(|issue| {
        let mut watchers = jira.watchers(&issue.key);
        watchers.retain(|name| side.people.contains(&name.as_str()));
        let links = sorted(issue.links.iter().map(|(title, _)| {
            let (key, rest) = title.split_once(' ').unwrap_or((title.as_str(), ""));
            format!("{} {rest}", if key.starts_with(&begins) { home } else { key })
        }));
        format!("{} is watched by {watchers:?} and linked to {links:?}", token(issue))
    }))
}

/// How much was compared of what a partner is written.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    /// All requests.
    pub(crate) sent: usize,
    /// Links to home's issues.
    pub(crate) links: usize,
    /// People who were made watch, or taken from those who do.
    pub(crate) watchers: usize,
    /// Notes of home's service desk.
    pub(crate) notes: usize,
    /// Writes that set a security level, or take it away.
    pub(crate) levels: usize,
}

impl Compared {
    /// Counts the requests to a Jira among all that was compared.
    pub(crate) fn of(compared: &[Vec<String>], jira: &str) -> Self {
        let begins = format!("{jira} ");
        let sent: Vec<&String> = compared.iter().flatten().filter(|line| line.starts_with(&begins)).collect();
        let count = |holds: &[&str]| sent.iter().filter(|line| holds.iter().all(|part| line.contains(part))).count();
        let home = format!("/browse/{}-", SIDES[0].project);
        Self {
            sent: sent.len(),
            links: count(&["/remotelink ", home.as_str()]),
            watchers: count(&["/watchers "]),
            notes: count(&[" POST ", "/comment ", "sd.public.comment"]),
            levels: count(&["\"security\":"]),
        }
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.sent += more.sent;
        self.links += more.links;
        self.watchers += more.watchers;
        self.notes += more.notes;
        self.levels += more.levels;
    }

    /// What was compared, as a search of many short runs adds it up: what was never sent says nothing.
    pub(crate) fn print(self) {
        let Self { sent, links, watchers, notes, levels } = self;
        let kinds =
            [("request", sent), ("link", links), ("watching", watchers), ("internal note", notes), ("level", levels)];
        for (kind, times) in kinds {
            println!("  act {kind} sent beside another partner: {times}");
        }
    }
}

/// Lives that carry something, of which some must have sent it.
const ENOUGH: usize = 30;

/// Whether each that some of these lives carry was sent at all.
pub(crate) fn is_all_sent(lives: &[Carried], sum: Compared) {
    let lived = |carries: &dyn Fn(&Carried) -> bool| lives.iter().filter(|carried| carries(carried)).count();
    for (what, lived, sent) in [
        ("links", lived(&|carried| carried.links), sum.links),
        ("watchers", lived(&|carried| carried.watchers), sum.watchers),
        ("notes", lived(&|carried| carried.has_notes()), sum.notes),
        ("levels", lived(&|carried| carried.levels), sum.levels),
    ] {
        assert!(lived < ENOUGH || sent > 0, "{what} were carried in {lived} lives, and none was sent");
    }
}

/// Who watches, and where counterparts are, is among what is compared; that the sync user stops watching is not.
#[tokio::test(start_paused = true)]
async fn what_these_lives_carry_is_compared() {
    for (jira, column, name) in [("globex", 1, "jdoe"), ("initech", 2, "petra")] {
        let carried = Carried { links: true, watchers: true, told_apart: true, notes: NOTES[2], levels: false };
        let mut world = world_apart(None, false, carried);
        world.jira(jira).record_bodies(true);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item-0 c0byacmez", "priority": { "name": "Medium" },
            "labels": ["share-globex", "share-initech"] });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        jane.internal_comment(&key, "Words c1byacmez").unwrap();
        world.rest().await.unwrap();
        let calls = world.jira(jira).calls();
        let of = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
        assert!(of("removeWatcher") > 0, "{jira}: the sync user goes on to watch");
        let taken = taken_by(&world, jira);
        let found = Compared::of(std::slice::from_ref(&taken), jira);
        assert_eq!((found.links, found.watchers, found.notes), (1, 1, 1), "{jira}: {taken:#?}");
        let seen = seen(&world, column);
        let wanted = format!("Item-0 is watched by {{\"{name}\"}} and linked to [\"SUP (acme)\"]");
        assert_eq!(seen, [wanted], "{jira}");
    }
}

/// A link to the other partner's issue is one that both lives would make alike.
#[tokio::test(start_paused = true)]
async fn a_key_that_a_partner_may_not_see_is_found_in_what_it_is_sent() {
    let config = THREE.replace(", sees = [\"acme\"]", "");
    let config = config.replacen("home = \"acme\"\n", "home = \"acme\"\ncounterparts = \"link\"\n", 1);
    let world = World::new(&config, |jiras| jiras.values().for_each(|jira| jira.record_bodies(true))).await;
    let fields = json!({ "summary": "Item-0", "labels": ["share-globex", "share-initech"] });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    for (column, begins) in [(1, "OPS-"), (2, "ENG-")] {
        let why = far_leaks_at(&world, Sight::Apart, column).unwrap_err();
        assert!(why.starts_with(begins), "{why}");
    }
    assert_eq!(far_leaks_at(&world, Sight::Apart, 0), Ok(()));
    assert_eq!(far_leaks(&world, Sight::Open), Ok(()));
}
