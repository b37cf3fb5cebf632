use std::ops::ControlFlow;

use async_orch::{BoxError, task};

#[derive(Clone, Debug, Default)]
pub struct Talk {
    pub lines: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum Wish {
    Answer(String),
    Add(Vec<i64>),
    Weather { city: String },
}

#[task]
pub async fn complete(model: String, talk: Talk) -> Result<(Talk, Wish), BoxError> {
    Ok((talk, Wish::Answer(model)))
}

#[task]
pub async fn weather(city: String) -> Result<String, BoxError> {
    Ok(city)
}

pub fn build(model: String) {
    let _ = async_orch::pipeline! {
        let model = model;
        |question: String|
        seq(name = "agent") <
            |_| { Talk { lines: vec![question.clone()] } }
            repeat(max_rounds = 8, backoff = constant(10ms)) <
                let (talk, wish) = retry(max_attempts = 3) < timeout(30s) < complete(model.clone(), _) > >
                let heard = choose(wish) <
                    Wish::Answer(_) => |_| { String::new() },
                    Wish::Add(numbers) => |_| { numbers.iter().sum::<i64>().to_string() },
                    Wish::Weather { city } => catch < weather(city.clone()) >,
                >
                async |_, cx| {
                    cx.note(heard.as_str());
                    if let Wish::Answer(answer) = wish {
                        return Ok::<_, BoxError>(ControlFlow::Break(answer.clone()));
                    }
                    let mut talk = talk.clone();
                    talk.lines.push(heard.clone());
                    Ok(ControlFlow::Continue(talk))
                }
            >
        >
    };
}
