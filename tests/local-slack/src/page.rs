//! The page people act on: files of `page/`, held in the binary.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Its start, at `/`.
const INDEX: &str = include_str!("../page/index.html");

/// Everything else, at `/page/<name>`.
const ASSETS: &[(&str, &str)] = &[
    ("acts.js", include_str!("../page/acts.js")),
    ("api.js", include_str!("../page/api.js")),
    ("app.js", include_str!("../page/app.js")),
    ("blocks.css", include_str!("../page/blocks.css")),
    ("blocks.js", include_str!("../page/blocks.js")),
    ("combobox.js", include_str!("../page/combobox.js")),
    ("composer.js", include_str!("../page/composer.js")),
    ("confirm.js", include_str!("../page/confirm.js")),
    ("dates.js", include_str!("../page/dates.js")),
    ("dialogs.css", include_str!("../page/dialogs.css")),
    ("dom.js", include_str!("../page/dom.js")),
    ("elements.js", include_str!("../page/elements.js")),
    ("forms.js", include_str!("../page/forms.js")),
    ("messages.js", include_str!("../page/messages.js")),
    ("mrkdwn.js", include_str!("../page/mrkdwn.js")),
    ("page.css", include_str!("../page/page.css")),
    ("people.js", include_str!("../page/people.js")),
    ("route.js", include_str!("../page/route.js")),
    ("sidebar.js", include_str!("../page/sidebar.js")),
    ("store.js", include_str!("../page/store.js")),
    ("theme.js", include_str!("../page/theme.js")),
    ("views.js", include_str!("../page/views.js")),
    ("waiting.js", include_str!("../page/waiting.js")),
];

/// `GET /`.
pub(crate) async fn index() -> Response {
    answer("index.html", INDEX)
}

/// `GET /page/<name>`.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, _)| *known == name) {
        Some((name, text)) => answer(name, text),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(name: &str, text: &'static str) -> Response {
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    // A rebuilt binary may serve other files from the same address.
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let served = name == "index.html" || ASSETS.iter().any(|(known, _)| *known == name);
            assert!(served, "{name} is in page/ and not in the table of page.rs");
        }
    }
}
