//! The form in which access is asked for.

use end_to_end::failure::Failure;
use end_to_end::waiting::until;

use crate::page::{PATIENCE, Page, hook};

/// The selector of an input of the open modal.
pub fn field(name: &str) -> String {
    format!("{} {}", hook("modal"), hook(&format!("field-{name}")))
}

/// The selector of what is wrong with an input that follows from an entitlement.
pub fn error(name: &str, entitlement: &str) -> String {
    hook(&format!("error-{name}.{entitlement}"))
}

/// The open modal of a kind, by the `callback_id` that Countersign gives it.
pub fn modal(kind: &str) -> String {
    format!("{}[data-callback-id=\"{kind}\"]", hook("modal"))
}

impl Page {
    /// Finds an entitlement by typing a part of its name, and takes it with the mouse.
    ///
    /// # Errors
    /// It is not found.
    pub async fn choose(&self, typed: &str, entitlement: &str) -> Result<(), Failure> {
        self.see(&modal("ask")).await?;
        self.type_into(&field("entitlement"), typed).await?;
        self.changing(async || self.click(&hook(&format!("option-{entitlement}"))).await).await?;
        self.see(&field("justification")).await.map(|_| ())
    }

    /// Chooses for how long, in seconds.
    ///
    /// # Errors
    /// That is not offered.
    pub async fn choose_duration(&self, seconds: u32) -> Result<(), Failure> {
        let option = format!("{} option[value=\"{seconds}\"]", field("duration"));
        self.changing(async || self.click(&option).await).await
    }

    /// Ticks one of the actions, or of the resources.
    ///
    /// # Errors
    /// That is not offered.
    pub async fn tick(&self, name: &str, option: &str) -> Result<(), Failure> {
        self.changing(async || self.click_label(&format!("field-{name}"), option).await).await
    }

    /// Sends the open form, and reads the request id that the confirmation names.
    ///
    /// # Errors
    /// There is no confirmation.
    pub async fn send(&self) -> Result<String, Failure> {
        self.submit().await?;
        self.confirmed().await
    }

    /// Sends the open modal, and waits until it has been answered: meanwhile it takes no second press.
    ///
    /// # Errors
    /// It cannot be sent, or is not answered.
    pub async fn submit(&self) -> Result<(), Failure> {
        self.click(&hook("modal-submit")).await?;
        self.gone(&format!("{}[aria-busy=\"true\"]", hook("modal-submit"))).await
    }

    /// The request id that the confirmation names.
    ///
    /// # Errors
    /// There is no confirmation.
    pub async fn confirmed(&self) -> Result<String, Failure> {
        let confirmation = modal("notice");
        let text = self.reads(&confirmation, &["req_"]).await?;
        let id: Option<String> = text.split_once("req_").map(|(_, rest)| rest.chars().take(32).collect());
        let id = id.filter(|id| id.chars().all(|c| c.is_ascii_hexdigit()) && id.len() == 32);
        id.map(|id| format!("req_{id}")).ok_or_else(|| Failure::new(format!("no request id in: {text}")))
    }

    /// Does something in the form, and waits until Countersign has answered with the form anew.
    ///
    /// # Errors
    /// It does not.
    pub async fn changing(&self, act: impl AsyncFnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        let before = self.hash().await?;
        act().await?;
        until("the form follows", PATIENCE, || async {
            let busy = self.count(&format!("{} [aria-busy=\"true\"]", hook("modal"))).await?;
            Ok((busy == 0 && self.hash().await? != before).then_some(()))
        })
        .await
    }

    async fn hash(&self) -> Result<Option<String>, Failure> {
        let hash = self.look("return document.getElementById('modal').dataset.hash ?? null", vec![]).await?;
        Ok(hash.as_str().map(str::to_owned))
    }

    /// Asks for access to `orders-db-debug` with the form, from the Home tab.
    ///
    /// # Errors
    /// It does not work.
    pub async fn ask_for_orders(&self, justification: &str) -> Result<String, Failure> {
        self.go("home").await?;
        self.click(&format!("{} {}", hook("home"), hook("action-ask"))).await?;
        self.choose("orders", "orders-db-debug").await?;
        self.type_into(&field("justification"), justification).await?;
        let request = self.send().await?;
        self.click(&hook("modal-close")).await?;
        self.gone(&modal("notice")).await?;
        Ok(request)
    }
}
