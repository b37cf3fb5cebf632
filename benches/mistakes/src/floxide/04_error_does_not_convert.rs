use floxide::{FloxideError, Node, RetryPolicy, Transition, Workflow, WorkflowCtx, node, workflow};

node! {
    pub struct Fetch {};
    context = ();
    input = u32;
    output = String;
    |_ctx, id| {
        Ok(Transition::Next(format!("{id},{id}")))
    }
}

node! {
    pub struct Parse {};
    context = ();
    input = String;
    output = Vec<u32>;
    |_ctx, text| {
        let list: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
        Ok(Transition::Next(list/* here */ ?))
    }
}

node! {
    pub struct Save {};
    context = ();
    input = Vec<u32>;
    output = usize;
    |_ctx, list| {
        Ok(Transition::Next(list.len()))
    }
}

workflow! {
    pub struct Ingest {
        fetch: Fetch,
        parse: Parse,
        #[retry = policy]
        save: Save,
        policy: RetryPolicy,
    }
    context = ();
    start = fetch;
    edges {
        fetch => { [ parse ] };
        parse => { [ save ] };
        save => {};
    }
}

#[tokio::main]
async fn main() -> Result<(), FloxideError> {
    let policy = RetryPolicy::new(
        3,
        std::time::Duration::from_millis(100),
        std::time::Duration::from_secs(1),
        floxide::BackoffStrategy::Linear,
        floxide::RetryError::All,
    );
    let ingest = Ingest { fetch: Fetch {}, parse: Parse {}, save: Save {}, policy };
    let context = WorkflowCtx::new(());
    println!("{}", ingest.run(&context, 1).await?);
    Ok(())
}
