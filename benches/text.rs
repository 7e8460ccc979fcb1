//! How long texts take to be read and written, as a ratio to what parsing the JSON of the same document takes, both in one run
//! so that the machine does not matter: `cargo bench --bench text`. Must never measure another document than was parsed.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench has nobody to tell")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jirasyncd::model::document::Syntax;
use jirasyncd::model::issue::NativeValue;
use jirasyncd::text::{Target, read, rewrite, write};
use serde_json::Value;

/// Rounds of all, in turns; the fastest of each counts.
const ROUNDS: usize = 40;

const COMMENT: &str = "Thanks, that was it. I have put the fix on the *staging* site; please try again with the file of \
                       yesterday and say whether {{export.log}} still has the error.";

const DESCRIPTION: &str = "h2. What happens\n\nThe export stops at 50 % - see [the log|https://example.com/logs?id=17] and \
                           !screen.png|width=300!. It has been so since _Tuesday_ (build 4.1.2), but *not* on the old site.\n\n\
                           # Open the project\n# Press *Export*\n## as CSV\n## or as PDF\n# Wait for a minute\n\n\
                           {code:java}\nException in thread \"main\" java.lang.IllegalStateException: no writer\n\
                           \tat com.example.Export.run(Export.java:42)\n\tat com.example.Main.main(Main.java:7)\n{code}\n\n\
                           ||site||works||since||\n|old|yes|-|\n|new|{color:#ff5630}no{color}|Tuesday|\n\n\
                           {panel:bgColor=#deebff}\nNobody else may use the old site until this is mended!\n{panel}\n\n\
                           h2. What should happen\n\n* the file is whole\n* its first line names the columns\n* a mail is sent to \
                           the person who asked\n\nbq. It worked before the move. Why not now?\n";

#[expect(clippy::disallowed_methods, reason = "measures this machine, decides nothing")]
fn fastest<T>(times: u32, mut work: impl FnMut() -> T, best: &mut Duration) {
    let began = Instant::now();
    for _ in 0..times {
        black_box(work());
    }
    *best = (*best).min(began.elapsed() / times);
}

fn main() {
    println!(
        "| text | markup | ADF | parsing the ADF's JSON | ADF → tree | tree → ADF | wiki → tree | tree → wiki | ADF over \
         what stands | wiki over what stands |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    let long = DESCRIPTION.repeat(16);
    for (name, markup, times) in
        [("a comment", COMMENT, 400), ("a description", DESCRIPTION, 100), ("a long one", &long, 10)]
    {
        let wiki = NativeValue::Wiki(markup.to_owned());
        let document = read(&wiki);
        let adf = write(&document, Syntax::Adf);
        let NativeValue::Adf(node) = &adf else { panic!("ADF") };
        let json = serde_json::to_vec(node).unwrap();
        let (home_adf, home_wiki) = (Target::home(Syntax::Adf), Target::home(Syntax::Wiki));
        let from_adf = read(&adf);
        let mut best = [Duration::MAX; 7];
        for _ in 0..ROUNDS {
            let [parsing, adf_in, adf_out, wiki_in, wiki_out, over_adf, over_wiki] = &mut best;
            fastest(times, || serde_json::from_slice::<Value>(black_box(&json)).unwrap(), parsing);
            fastest(times, || read(black_box(&adf)), adf_in);
            fastest(times, || write(black_box(&from_adf), Syntax::Adf), adf_out);
            fastest(times, || read(black_box(&wiki)), wiki_in);
            fastest(times, || write(black_box(&document), Syntax::Wiki), wiki_out);
            fastest(times, || rewrite(black_box(&adf), &from_adf, &home_adf), over_adf);
            fastest(times, || rewrite(black_box(&wiki), &document, &home_wiki), over_wiki);
        }
        let [parsing, others @ ..] = best;
        let ratios: Vec<String> =
            others.iter().map(|time| format!("{:.1}", time.as_secs_f64() / parsing.as_secs_f64())).collect();
        println!("| {name} | {} bytes | {} bytes | {parsing:.1?} | {} |", markup.len(), json.len(), ratios.join(" | "));
    }
}
