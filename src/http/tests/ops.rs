//! Health, metrics and addresses.

use super::*;

async fn health_is_public_readiness_honest_and_metrics_are_for_the_operator(world: World) {
    let service = service!(world);
    call(&service, Method::GET, "/healthz", &With::Nothing, None).await.is(200);
    call(&service, Method::GET, "/readyz", &With::Nothing, None).await.is(200);
    call(&service, Method::GET, "/metrics", &With::Nothing, None).await.is(404);
    let here = || test::TestRequest::with_uri("/metrics").peer_addr("127.0.0.1:4000".parse().unwrap());
    send(&service, here()).await.is(200);
    send(&service, here().insert_header(("X-Forwarded-For", "192.0.2.9"))).await.is(404);
    for path in ["/openapi.json", "/docs", "/docs/viewer.js", "/docs/viewer.css"] {
        let answer = call(&service, Method::GET, path, &With::Nothing, None).await.is(200);
        assert!(!answer.headers.get("content-security-policy").unwrap().to_str().unwrap().contains("unsafe"));
    }
}

async fn an_address_in_a_header_counts_only_from_a_trusted_proxy(mut world: World) {
    let seen = |app: &App, peer: &str, forwarded: &[&str]| {
        let request = test::TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
        let request = forwarded.iter().fold(request, |request, line| request.append_header(("X-Forwarded-For", *line)));
        app.peer(&request.to_http_request()).to_string()
    };
    assert_eq!(seen(&world.app, "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    let config = Config { trusted_proxies: serde_json::from_value(json!(["10.0.0.0/8"])).unwrap(), ..Config::default() };
    world.app = world.app.with_config(config);
    assert_eq!(seen(&world.app, "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    assert_eq!(seen(&world.app, "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &["203.0.113.5, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &["203.0.113.5", "198.51.100.1"]), "198.51.100.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &["198.51.100.1, <script>"]), "10.0.0.1");
    assert_eq!(seen(&world.app, "10.0.0.1", &[]), "10.0.0.1");
}

on_both! {
    health_is_public_readiness_honest_and_metrics_are_for_the_operator;
    an_address_in_a_header_counts_only_from_a_trusted_proxy;
}
