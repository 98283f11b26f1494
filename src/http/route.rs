//! What the table of routes is made of: a route, who may call it, and how its types are documented.

use actix_web::http::Method;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        RefOr, Schema,
        path::{Parameter, ParameterIn},
        schema::{ArrayBuilder, ObjectBuilder, Ref, SchemaType, Type},
    },
};

use crate::{domain::permission::Permission, wire::page::Page};

/// Who may call a route at all; handlers then look at the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Who holds a visitor's token.
    Visitor,
    /// Who signs the request (Standard Webhooks).
    Signed,
    /// Who has the metrics token or is on this machine.
    Operator,
    /// Everybody who is signed in: it concerns themselves only.
    Own,
    /// Who holds one of these somewhere.
    Any(&'static [Permission]),
}

/// Schemas by name, as a document collects them.
pub type Schemas = Vec<(String, RefOr<Schema>)>;
pub(super) type SchemaOf = fn(&mut Schemas) -> RefOr<Schema>;

/// One method of one address.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The address, with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The chapter of the documentation.
    pub tag: &'static str,
    /// One line of documentation.
    pub summary: &'static str,
    /// The status of success.
    pub status: u16,
    pub(super) register: fn() -> actix_web::Route,
    pub(super) query: &'static [fn() -> Vec<Parameter>],
    pub(super) body: &'static [SchemaOf],
    pub(super) answer: &'static [SchemaOf],
}

/// What a schema is called and made of.
pub(super) trait Documented {
    fn document(schemas: &mut Schemas) -> RefOr<Schema>;
}

impl<T: ToSchema> Documented for T {
    fn document(schemas: &mut Schemas) -> RefOr<Schema> {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }
}

/// A page of a list.
pub(super) struct PageOf<T>(std::marker::PhantomData<Page<T>>);

impl<T: ToSchema> PageOf<T> {
    pub(super) fn document(schemas: &mut Schemas) -> RefOr<Schema> {
        let next = SchemaType::from_iter([Type::String, Type::Null]);
        let page = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(T::document(schemas)))
            .required("items")
            .property("next", ObjectBuilder::new().schema_type(next).description(Some("The cursor of what follows.")))
            .required("next");
        RefOr::T(Schema::Object(page.build()))
    }
}

/// A part of something, as JSON Merge Patch.
pub(super) struct PatchOf<T>(std::marker::PhantomData<T>);

impl<T: ToSchema> PatchOf<T> {
    pub(super) fn document(schemas: &mut Schemas) -> RefOr<Schema> {
        let RefOr::Ref(whole) = T::document(schemas) else { return RefOr::T(Schema::default()) };
        let text = format!("Any part of {}: what is absent stays, null = the default (RFC 7396).", T::name());
        let patch = ObjectBuilder::new().description(Some(text));
        let name = format!("{}Patch", T::name());
        let patch = match schemas.iter().find(|(known, _)| *known == T::name()) {
            Some((_, RefOr::T(Schema::Object(object)))) => {
                object.properties.iter().fold(patch, |patch, (name, schema)| patch.property(name, schema.clone()))
            }
            _ => return RefOr::Ref(whole),
        };
        schemas.push((name.clone(), RefOr::T(Schema::Object(patch.build()))));
        RefOr::Ref(Ref::from_schema_name(name))
    }
}

/// Any bytes.
pub(super) struct File;

impl File {
    pub(super) fn document(_: &mut Schemas) -> RefOr<Schema> {
        RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).content_encoding("binary").build()))
    }
}

pub(super) fn query_of<T: IntoParams>() -> Vec<Parameter> {
    T::into_params(|| Some(ParameterIn::Query))
}
