//! Notices of the whole daemon in the simulated world, and their two ways over the loopback: a server that is posted to, and one that
//! takes mails. Must never look at what the daemon keeps to judge it: what was told is read off what arrived.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jirasyncd::app::{MailMessenger, Messenger, Messengers, PostMessenger, Unsent, Way};
use jirasyncd::config::{MailSettings, MailTls};
use jirasyncd::model::notices::{Event, Notice};
use jirasyncd::model::secret::Secret;
use jirasyncd::simulator::{Fault, FaultRule, When};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::daemon_input::{create, edit};
use super::daemon_support::{World, two};

/// Takes notices, after it refused as many as it was told to.
#[derive(Default)]
struct Taken {
    notices: Mutex<Vec<Notice>>,
    refuses: AtomicU32,
    tries: AtomicU32,
}

#[async_trait]
impl Messenger for Taken {
    async fn tell(&self, notice: &Notice) -> Result<(), Unsent> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let left = self.refuses.load(Ordering::SeqCst);
        if left > 0 {
            self.refuses.store(left - 1, Ordering::SeqCst);
            return Err(Unsent { why: "busy".to_owned(), again: true });
        }
        self.notices.lock().unwrap().push(notice.clone());
        Ok(())
    }
}

impl Taken {
    fn events(&self) -> Vec<Event> {
        self.notices.lock().unwrap().iter().map(|notice| notice.event).collect()
    }

    fn last(&self) -> Notice {
        self.notices.lock().unwrap().last().cloned().unwrap()
    }
}

/// Two sides in step, and what they tell; `more` is added to the table.
async fn told(more: &str) -> (World, Arc<Taken>) {
    let config = format!("{}\n[notices]\nwebhook = \"https://chat.example/hook\"\n{more}\n", two());
    let mut world = World::without_daemon(&config);
    let taken = Arc::new(Taken::default());
    let way = Arc::clone(&taken);
    world.surroundings.messengers =
        Arc::new(move |_| Messengers::from([(Way::Webhook, Arc::clone(&way) as Arc<dyn Messenger>)]));
    world.start().await;
    (world, taken)
}

/// So many poll intervals, with a look after each.
async fn live(world: &World, intervals: usize) {
    for _ in 0..intervals {
        world.interval().await;
        world.daemon().tell_notices().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_out_of_reach_is_told_once_and_its_return_with_what_was_caught_up() {
    let (mut world, taken) = told("").await;
    let keys: Vec<String> = (0..5).map(|nth| create(&world, "SUP", &format!("Item {nth}"), &[])).collect();
    world.settle().await;
    live(&world, 20).await;
    assert_eq!(taken.events(), [], "all is well");
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    live(&world, 4).await;
    for (nth, key) in keys.iter().enumerate() {
        edit(&world, "acme", "jane", key, &format!("Item {nth}, changed"));
    }
    live(&world, 40).await;
    assert_eq!(taken.events(), [Event::InstanceAway]);
    let notice = taken.last();
    assert_eq!((notice.about.as_deref(), notice.title.as_str()), (Some("globex"), "instance `globex` is out of reach"));
    assert!(!notice.text.contains("Item") && !notice.text.contains("SUP-"), "{}", notice.text);
    // Another process on the same state.
    world.start().await;
    live(&world, 20).await;
    assert_eq!(taken.events(), [Event::InstanceAway]);
    world.jira("globex").clear_faults();
    live(&world, 20).await;
    world.settle().await;
    live(&world, 1).await;
    assert_eq!(taken.events(), [Event::InstanceAway, Event::InstanceBack]);
    assert_eq!(taken.last().count, Some(5), "{:?}", taken.last());
    for nth in 0..5 {
        assert_eq!(world.field("globex", &format!("Item {nth}"), "summary"), format!("Item {nth}, changed"));
    }
    live(&world, 20).await;
    assert_eq!(taken.events().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_tried_again_a_few_times_and_never_told_twice() {
    let (mut world, taken) = told("per-hour = 1").await;
    create(&world, "SUP", "Item", &[]);
    world.settle().await;
    taken.refuses.store(2, Ordering::SeqCst);
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    live(&world, 12).await;
    world.start().await;
    live(&world, 20).await;
    assert_eq!((taken.events(), taken.tries.load(Ordering::SeqCst)), (vec![Event::InstanceAway], 3));
    // One an hour: the return is held back, and that is told when there is room.
    world.jira("globex").clear_faults();
    live(&world, 20).await;
    assert_eq!(taken.events(), [Event::InstanceAway]);
    live(&world, 110).await;
    assert_eq!(taken.events(), [Event::InstanceAway, Event::HeldBack]);
    assert_eq!(taken.last().held_back, 1);
    // One that is never taken is given up.
    taken.refuses.store(1_000, Ordering::SeqCst);
    taken.tries.store(0, Ordering::SeqCst);
    live(&world, 120).await;
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    live(&world, 200).await;
    assert_eq!(taken.tries.load(Ordering::SeqCst), 6);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_runs_tells_by_itself_of_a_pause_and_of_a_token() {
    let (mut world, taken) = told("").await;
    let now = world.surroundings.clock.now();
    let acme = world.config.instances.get_mut(&"acme".into()).unwrap();
    acme.expires = Some(now + jiff::SignedDuration::from_hours(48));
    world.start().await;
    let by = jirasyncd::console::this_operator().unwrap();
    let (daemon, cancel) = (world.daemon(), CancellationToken::new());
    let watch = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(taken.events(), [Event::TokenExpires]);
        let sync = || jirasyncd::model::command::Target::Sync("support".into());
        daemon.command(by.clone(), jirasyncd::model::command::Command::Pause(sync())).await.unwrap();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(taken.events(), [Event::TokenExpires, Event::SyncStopped]);
        daemon.command(by.clone(), jirasyncd::model::command::Command::Resume(sync())).await.unwrap();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(taken.events(), [Event::TokenExpires, Event::SyncStopped, Event::SyncGoesOn]);
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(daemon.run(cancel.clone()), watch);
    ran.unwrap();
}

fn notice() -> Notice {
    Notice {
        number: 7,
        at: "2026-03-02T09:30:15Z".parse().unwrap(),
        event: Event::InstanceAway,
        about: Some("globex".to_owned()),
        title: "instance `globex` is out of reach\r\nBcc: everybody@example.org".to_owned(),
        text: "It has answered no poll — \u{1b}[2J.\n.\nNothing is lost.".to_owned(),
        count: None,
        held_back: 2,
    }
}

/// Answers one request after the other with these statuses; gives the requests.
async fn web_server(statuses: Vec<&'static str>) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 4_096];
            while !String::from_utf8_lossy(&request).ends_with('}') {
                let read = stream.read(&mut piece).await.unwrap();
                assert!(read > 0, "the request broke off");
                request.extend_from_slice(&piece[..read]);
            }
            requests.push(String::from_utf8(request).unwrap());
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (port, served)
}

#[tokio::test]
async fn a_notice_is_posted_as_json_and_what_goes_wrong_names_no_url() {
    let statuses = vec!["204 No Content", "503 Busy", "404 Not Found", "302 Found\r\nLocation: http://127.0.0.1:1/"];
    let (port, served) = web_server(statuses).await;
    let messenger = PostMessenger::new(Secret::new(format!("http://127.0.0.1:{port}/CANARY")));
    assert_eq!(messenger.tell(&notice()).await, Ok(()));
    for (status, again) in [(503, true), (404, false), (302, false)] {
        let why = format!("the webhook's server answers with status {status}");
        assert_eq!(messenger.tell(&notice()).await, Err(Unsent { why, again }));
    }
    let requests = served.await.unwrap();
    assert!(requests[0].starts_with("POST /CANARY HTTP/1.1\r\n"), "{}", requests[0]);
    let body: serde_json::Value = serde_json::from_str(requests[0].split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        (&body["version"], &body["event"], &body["about"]),
        (&1.into(), &"instance-away".into(), &"globex".into())
    );
    assert_eq!((&body["number"], &body["held-back"]), (&7.into(), &2.into()));
    assert!(body["text"].as_str().unwrap().starts_with("instance `globex` is out of reach"), "{body}");
    // Nobody listens there any more.
    let unsent = messenger.tell(&notice()).await.unwrap_err();
    assert!(unsent.again && !unsent.why.contains("CANARY") && !unsent.why.contains("http"), "{unsent:?}");
}

/// A mail server that takes mails until it is dropped, or says no to every sender.
async fn mail_server(refuses: bool) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let said = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 test\r\n").await.unwrap();
            let mut in_data = false;
            while let Ok(Some(line)) = lines.next_line().await {
                said.lock().unwrap().push(line.clone());
                let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                    _ if in_data && line != "." => continue,
                    "EHLO" => "250-test\r\n250 AUTH PLAIN\r\n",
                    "AUTH" => "235 yes\r\n",
                    "MAIL" if refuses => "550 not from you\r\n",
                    "DATA" => "354 go on\r\n",
                    "QUIT" => "221 bye\r\n",
                    _ => "250 ok\r\n",
                };
                in_data = line == "DATA";
                write.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (port, heard)
}

fn mail_to(port: u16) -> MailSettings {
    MailSettings {
        to: vec!["ops@example.org".to_owned(), "boss@example.org".to_owned()],
        from: "jirasyncd@example.org".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        tls: MailTls::None,
        login: Some(("me".to_owned(), Secret::new("CANARY".to_owned()))),
    }
}

#[tokio::test]
async fn a_notice_is_mailed_and_its_words_cannot_make_another_mail_of_it() {
    let (port, heard) = mail_server(false).await;
    MailMessenger::new(mail_to(port)).tell(&notice()).await.unwrap();
    let mail = heard.lock().unwrap().clone();
    let holds = |part: &str| mail.iter().any(|line| line.starts_with(part));
    for part in [
        "AUTH PLAIN ",
        "MAIL FROM:<jirasyncd@example.org>",
        "RCPT TO:<ops@example.org>",
        "RCPT TO:<boss@example.org>",
        "Subject: jirasyncd: instance `globex` is out of reach Bcc:",
        "Date: Mon, 02 Mar 2026 09:30:15 ",
        "Message-ID: <notice-7-1772443815000@example.org>",
    ] {
        assert!(holds(part), "{part} is not in {mail:#?}");
    }
    assert!(!holds("Bcc:") && !mail.iter().any(|line| line.contains('\u{1b}')), "{mail:#?}");
    assert_eq!(mail.iter().filter(|line| line.starts_with("MAIL FROM")).count(), 1);
}

#[tokio::test]
async fn a_mail_server_that_says_no_is_not_asked_again_and_one_that_is_away_is() {
    let (port, _) = mail_server(true).await;
    let unsent = MailMessenger::new(mail_to(port)).tell(&notice()).await.unwrap_err();
    assert!(!unsent.again && unsent.why.contains("not from you") && !unsent.why.contains("CANARY"), "{unsent:?}");
    let free = super::cli_world::free_port();
    let unsent = MailMessenger::new(mail_to(free)).tell(&notice()).await.unwrap_err();
    assert!(unsent.again && !unsent.why.contains("CANARY"), "{unsent:?}");
}
