//! The function `publication`: wires and starts.

use aws::bus::{Bus, BusEvent};
use aws::clients::Clients;
use lambda::{settings, start};
use workflow::ports::{Fault, PublishEvents, Published};

#[derive(Debug)]
struct Ports {
    bus: Bus,
}

impl PublishEvents for Ports {
    async fn publish(&self, events: &[Published]) -> Result<Vec<usize>, Fault> {
        let events: Vec<BusEvent> = events
            .iter()
            .map(|event| BusEvent { detail_type: event.name.clone(), detail: event.detail.clone(), at: event.at })
            .collect();
        let outcomes = self.bus.put_events(&events).await;
        Ok(outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_err()).map(|(at, _)| at).collect())
    }
}

fn wire() -> Result<Ports, Box<dyn std::error::Error>> {
    Ok(Ports { bus: Clients::from_env()?.bus(&settings::required("BUS_NAME")?) })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    let ports = wire().map_err(|error| start::cannot_start(error.as_ref()))?;
    start::run(ports, |ports, batch| async move { Ok(Box::pin(publication::handle(ports.as_ref(), batch)).await) })
        .await
}
