# SPDX-License-Identifier: Apache-2.0
"""A robot's body in the physics: cylinder, two driven wheels, two casters.

Wheels and casters touch only the floor; the body touches everything else. Wheels are spheres for
the contact: a sphere has one contact point, like the tread of a narrow wheel, and costs least.
"""

import mujoco

from swarm_config.robots import RobotModel

FLOOR, BODY, WALL = 1, 2, 4
"""Collision bits."""
SOLID_GROUP, BODY_GROUP, FLOOR_GROUP, WHEEL_GROUP = 0, 1, 2, 3
"""Geom groups; the lidar sees the first two."""
WHEEL_SHARE = 0.03
"""Mass of one wheel as a share of the robot's."""
CASTER_PLACE = 0.75
"""Distance of a caster from the centre as a share of the radius."""
CASTER_RADIUS_M = 0.02
GROUND_CLEARANCE_M = 0.03
ROTOR_SHARE = 0.2
"""Inertia of motor and gear at a wheel, as a share of the mass that the wheel drives.

With much less the speed control rings at a step of 5 ms.
"""
TORQUE_MARGIN = 1.5
"""The motors' torque over what the largest accelerations need together."""
SERVO_TIME_S = 0.02
"""Time constant of the wheels' speed control."""


def add_robot(spec: mujoco.MjSpec, name: str, model: RobotModel) -> None:
    """Add a robot; wheel joints and motors are `<name>.left` and `<name>.right`."""
    base = spec.worldbody.add_body(name=name)
    base.add_freejoint(name=name)
    _give_inertia(base, model)
    half = (model.height_m - GROUND_CLEARANCE_M) / 2
    base.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[model.radius_m, half, 0.0],
        pos=[0.0, 0.0, GROUND_CLEARANCE_M + half],
        contype=BODY,
        conaffinity=BODY | WALL,
        group=BODY_GROUP,
        rgba=[0.2, 0.4, 0.8, 1.0],
    )
    for sign in (-1.0, 1.0):
        _add_caster(base, sign * CASTER_PLACE * model.radius_m)
    _add_wheel(spec, base, f'{name}.left', model, model.wheel_separation_m / 2)
    _add_wheel(spec, base, f'{name}.right', model, -model.wheel_separation_m / 2)


def _give_inertia(base: mujoco.MjsBody, model: RobotModel) -> None:
    """A solid cylinder with its heavy parts (batteries, motors) low."""
    mass = model.mass_kg * (1.0 - 2.0 * WHEEL_SHARE)
    tilting = mass * (3.0 * model.radius_m**2 + model.height_m**2) / 12.0
    base.explicitinertial = True
    base.mass = mass
    base.ipos = [0.0, 0.0, model.height_m / 3.0]
    base.inertia = [tilting, tilting, mass * model.radius_m**2 / 2.0]


def _add_caster(base: mujoco.MjsBody, x_m: float) -> None:
    base.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[CASTER_RADIUS_M, 0.0, 0.0],
        pos=[x_m, 0.0, CASTER_RADIUS_M],
        contype=0,
        conaffinity=FLOOR,
        condim=1,
        priority=1,
        group=WHEEL_GROUP,
    )


def _add_wheel(
    spec: mujoco.MjSpec, base: mujoco.MjsBody, name: str, model: RobotModel, y_m: float
) -> None:
    radius, mass = model.wheel_radius_m, WHEEL_SHARE * model.mass_kg
    driven_inertia = model.mass_kg / 2.0 * radius**2
    wheel = base.add_body(name=name, pos=[0.0, y_m, radius])
    wheel.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[0.0, 1.0, 0.0],
        armature=ROTOR_SHARE * driven_inertia,
    )
    wheel.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[radius, 0.0, 0.0],
        mass=mass,
        contype=0,
        conaffinity=FLOOR,
        condim=3,
        priority=1,
        friction=[1.0, 0.005, 0.0001],
        group=WHEEL_GROUP,
        rgba=[0.1, 0.1, 0.1, 1.0],
    )
    motor = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    motor.set_to_velocity(kv=driven_inertia / SERVO_TIME_S)
    motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
    motor.forcerange = [-wheel_torque_nm(model), wheel_torque_nm(model)]


def wheel_torque_nm(model: RobotModel) -> float:
    """Torque of one motor: enough for the largest straight and turning acceleration at once."""
    straight = model.mass_kg / 2.0 * max(model.max_accel_mps2, model.max_decel_mps2)
    inertia = model.mass_kg * model.radius_m**2 / 2.0
    turning = inertia * model.max_yaw_accel_radps2 / model.wheel_separation_m
    return TORQUE_MARGIN * model.wheel_radius_m * (straight + turning)
